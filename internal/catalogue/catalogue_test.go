// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/easy-erp/dbsync/internal/rulefile"
)

func known(t *testing.T) Metrics {
	t.Helper()
	m, err := New([]rulefile.Rule{{Rule: rulefmt.Rule{
		Record: "instance:runs:sum", Expr: `sum without (status) (dbsync_run_total)`, Labels: map[string]string{"added": "x"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCheck(t *testing.T) {
	m := known(t)
	for query, complaint := range map[string]string{
		`mysql_up{instance="a"}`:                                       "",
		`up{job="x", anything="y"}`:                                    "",
		`alertmanager_notifications_total{receiver_name="y"}`:          "",
		`dbsync_api_request_duration_seconds_bucket{le="1"}`:           "",
		`dbsync_api_request_duration_seconds`:                          "no collector declares",
		`no_such_metric`:                                               "no collector declares",
		`mysql_up{schema="a"}`:                                         "has no label schema",
		`instance:runs:sum{task="a", added="x"}`:                       "",
		`instance:runs:sum{status="a"}`:                                "has no label status",
		`sum by (task) (rate(dbsync_run_total[5m]))`:                   "",
		`sum by (schema) (rate(dbsync_run_total[5m]))`:                 "no label schema to group by",
		`max without (nothing) (mysql_up)`:                             "no label nothing to group by",
		`sum by (status) (sum without (status) (dbsync_run_total))`:    "no label status to group by",
		`sum by (x) (label_replace(mysql_up, "x", "$1", "job", ".*"))`: "",
	} {
		expr, err := rulefile.Parser().ParseExpr(query)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(m.Check(expr), "\n")
		if complaint == "" && got != "" || !strings.Contains(got, complaint) {
			t.Errorf("%s: %q, want %q", query, got, complaint)
		}
	}
}

func TestLabelsOf(t *testing.T) {
	m := known(t)
	for query, want := range map[string]string{
		`mysql_up`: "instance, job",
		`1`:        "",
		`time() - dbsync_run_last_end_timestamp_seconds`:                                    "instance, job, run_type, task",
		`sum by (task) (dbsync_run_total)`:                                                  "task",
		`topk(3, dbsync_run_total)`:                                                         "instance, job, run_type, status, task",
		`mysql_up * on (instance) dbsync_mysql_reachable`:                                   "instance",
		`mysql_up > on (instance) dbsync_mysql_reachable`:                                   "instance, job",
		`mysql_up * ignoring (job) dbsync_mysql_reachable`:                                  "instance",
		`mysql_up * on (instance) group_left (version) mysql_version_info`:                  "instance, job, version",
		`mysql_up * on (instance) group_right () dbsync_run_total`:                          "instance, job, run_type, status, task",
		`mysql_up or dbsync_run_in_progress`:                                                "instance, job, run_type, task",
		`mysql_up unless dbsync_run_in_progress`:                                            "instance, job",
		`histogram_quantile(0.9, rate(dbsync_mysql_statement_duration_seconds_bucket[5m]))`: "instance, job",
		`max_over_time((max by (instance) (mysql_up))[1h:1m])`:                              "instance",
		`sum(ALERTS)`:                      "",
		`ALERTS`:                           "any",
		`sum by (x) (ALERTS)`:              "x",
		`-mysql_up`:                        "instance, job",
		`(mysql_up)`:                       "instance, job",
		`mysql_global_status_of_my_plugin`: "any",
	} {
		expr, err := rulefile.Parser().ParseExpr(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.LabelsOf(expr).String(); got != want {
			t.Errorf("%s has the labels %q, want %q", query, got, want)
		}
	}
}
