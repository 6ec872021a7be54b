// SPDX-License-Identifier: Apache-2.0

package status

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/rules"
)

func sample(name, instance string, value float64) *model.Sample {
	metric := model.Metric{model.MetricNameLabel: model.LabelValue(name)}
	if instance != "" {
		metric["instance"] = model.LabelValue(instance)
	}
	return &model.Sample{Metric: metric, Value: model.SampleValue(value)}
}

func obstacle(instance, reason string, value float64) *model.Sample {
	s := sample(obstacles, instance, value)
	s.Metric["reason"] = model.LabelValue(reason)
	return s
}

func TestWhatIsNotKnownIsNotOK(t *testing.T) {
	got := newStatus(model.Vector{
		sample("dbsync:health:max", "", 2),
		sample("dbsync:database_health:max", "", 0),
		sample("dbsync:backup_health:max", "", 1),
		sample("instance:dbsync_health:max", "erp-primary", 2),
		sample("instance:dbsync_database_health:max", "erp-primary", 0),
		sample("instance:dbsync_migration_health:max", "erp-primary", 2),
		sample("instance:dbsync_health:max", "127.0.0.1:9090", 0),
		sample("instance:dbsync_health:max", "127.0.0.1:9093", 2),
		sample("dbsync:backup_success:ratio7d", "", 0.5),
		sample("dbsync:alerts_firing:count", "", 3),
		obstacle("erp-primary", "replica_lag", 1),
		obstacle("erp-primary", "disk_space", 1),
		obstacle("erp-primary", "backup", 0),
		sample("instance:dbsync_database_health:max", "erp-replica", 0),
		obstacle("erp-replica", "backup", 0),
	})
	want := Status{
		Health: Critical,
		Parts:  map[string]Health{"database": OK, "backup": Warning, "migration": Unknown},
		Instances: []Instance{
			{"127.0.0.1:9093", Critical, map[string]Health{"database": Unknown, "backup": Unknown, "migration": Unknown}, nil},
			{"erp-primary", Critical, map[string]Health{"database": OK, "backup": Unknown, "migration": Critical}, []string{"disk_space", "replica_lag"}},
			{"erp-replica", Unknown, map[string]Health{"database": OK, "backup": Unknown, "migration": Unknown}, []string{}},
		},
		KPI: map[string]Figure{"dbsync:backup_success:ratio7d": {"backups that succeeded, 7 d", 0.5, "ratio"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestEveryCardHasItsRule holds the names against the shipped rules.
func TestEveryCardHasItsRule(t *testing.T) {
	recorded := map[string]bool{}
	all, err := rulefile.Read(fs.FS(rules.Files), "*.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range all {
		recorded[rule.Record] = true
	}
	names := []string{"dbsync:health:max", "instance:dbsync_health:max", obstacles}
	for _, part := range Parts() {
		names = append(names, "dbsync:"+part+"_health:max", "instance:dbsync_"+part+"_health:max")
	}
	for _, card := range Cards() {
		names = append(names, card.Rule)
	}
	for _, name := range names {
		if !recorded[name] {
			t.Errorf("no shipped rule records %s", name)
		}
	}
}

func TestAnInstallationWithoutTheRulesIsAnError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[]}}`))
	}))
	defer server.Close()
	client, err := api.NewClient(api.Config{Address: server.URL, Client: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), prometheus.NewAPI(client)); err == nil || !strings.Contains(err.Error(), "pack export") {
		t.Errorf("got %v", err)
	}
}
