// SPDX-License-Identifier: Apache-2.0

package alertmanager

import (
	"slices"
	"testing"

	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/common/model"
)

func inhibitRules(t *testing.T) []*inhibit.InhibitRule {
	t.Helper()
	var rules []*inhibit.InhibitRule
	for _, rule := range load(t).InhibitRules {
		rules = append(rules, inhibit.NewInhibitRule(rule))
	}
	return rules
}

// inhibits follows Alertmanager: an alert that is both source and target of a
// rule is not inhibited by another such alert.
func inhibits(rule *inhibit.InhibitRule, source, target model.LabelSet) bool {
	if !rule.SourceMatchers.Matches(source) || !rule.TargetMatchers.Matches(target) || rule.SourceMatchers.Matches(target) {
		return false
	}
	for label := range rule.Equal {
		if source[label] != target[label] {
			return false
		}
	}
	return true
}

// silencers returns the rule ids of the shipped alerts that keep another one
// quiet while both fire for the same server and object.
func silencers(rules []*inhibit.InhibitRule, alerts []model.LabelSet, target model.LabelSet) []string {
	var ids []string
	for _, source := range alerts {
		for _, rule := range rules {
			if inhibits(rule, source, target) {
				ids = append(ids, string(source["rule_id"]))
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestInhibition(t *testing.T) {
	rules, alerts := inhibitRules(t), shipped(t)
	down := []string{"exporter_down", "mysql_down"}
	full := []string{"exporter_down", "mysql_down", "mysql_too_many_connections"}
	for target, want := range map[string][]string{
		// Root causes: nothing keeps them quiet.
		"MigrationFailure/critical": nil, "DiskSpaceLow/critical": nil, "MySQLDown/critical": nil,
		"ExporterDown/critical": nil, "ExporterMissing/critical": nil, "Watchdog/none": nil,
		"PrometheusRuleFailures/critical": nil, "HostMemoryLow/warning": nil,
		// What a server that is down explains.
		"MySQLReplicationStopped/critical": {"mysql_down"}, "MySQLTooManyConnections/critical": {"mysql_down"},
		"MySQLNotAnswering/critical": {"mysql_down"}, "MySQLMetadataLockPileUp/critical": {"mysql_down"},
		"BackupFailure/warning": down, "MigrationRunningLong/warning": down,
		"MySQLLoginFailing/warning": full, "DatabaseConnectionsHigh/warning": full,
		"CollectorFailing/warning": full, "SourceFailing/warning": full, "RuleDisarmed/info": full,
		"HostFilesystemFull/warning": {"disk_space_low"},
		"MigrationFailure/warning":   {"exporter_down", "migration_failure", "mysql_down"},
	} {
		i := slices.IndexFunc(alerts, func(a model.LabelSet) bool { return name(a) == target })
		if i < 0 {
			t.Errorf("no alert %s", target)
			continue
		}
		if got := silencers(rules, alerts, alerts[i]); !slices.Equal(got, want) {
			t.Errorf("%s is kept quiet by %v, want %v", target, got, want)
		}
	}
}

func TestOtherServersAreNotInhibited(t *testing.T) {
	rules, alerts := inhibitRules(t), shipped(t)
	for _, alert := range alerts {
		other := alert.Clone()
		other["instance"] = "another"
		if got := silencers(rules, alerts, other); len(got) > 0 {
			t.Errorf("%s on another server is kept quiet by %v", name(alert), got)
		}
	}
}

// Trap: a label that is missing on both sides counts as equal.
func TestEqualLabelsExistOnBothSides(t *testing.T) {
	alerts := shipped(t)
	for _, rule := range inhibitRules(t) {
		for _, alert := range alerts {
			source, target := rule.SourceMatchers.Matches(alert), rule.TargetMatchers.Matches(alert)
			for label := range rule.Equal {
				_, there := alert[label]
				if (source || target) && !there && hasPeer(rule, alerts, source) {
					t.Errorf("%s lacks %s, which %s => %s compares", name(alert), label, rule.SourceMatchers, rule.TargetMatchers)
				}
			}
		}
	}
}

// hasPeer tells whether the other side of the rule has an alert that lacks an
// equal label as well, without which the lack does no harm.
func hasPeer(rule *inhibit.InhibitRule, alerts []model.LabelSet, source bool) bool {
	return slices.ContainsFunc(alerts, func(other model.LabelSet) bool {
		if source && !rule.TargetMatchers.Matches(other) || !source && !rule.SourceMatchers.Matches(other) {
			return false
		}
		for label := range rule.Equal {
			if _, there := other[label]; !there {
				return true
			}
		}
		return false
	})
}

// Trap: an alert sent before the one that would inhibit it arrives. What can
// be inhibited waits; root causes do not.
func TestWaitsLeaveTimeForInhibition(t *testing.T) {
	rules, alerts := inhibitRules(t), shipped(t)
	root := dispatch.NewRoute(load(t).Route, nil)
	for _, alert := range alerts {
		wait := ladder(root, alert)[0].wait
		switch inhibitable := len(silencers(rules, alerts, alert)) > 0; {
		case inhibitable && wait < atOnce:
			t.Errorf("%s can be inhibited, but is told after %v", name(alert), wait)
		case !inhibitable && alert["severity"] == "critical" && wait > 0:
			t.Errorf("%s is a root cause, but waits %v", name(alert), wait)
		}
	}
}
