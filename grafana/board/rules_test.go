// SPDX-License-Identifier: Apache-2.0

package board

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/rules"
)

// alertRules are the shipped alerts by name.
func alertRules(t *testing.T) map[string][]rulefile.Rule {
	t.Helper()
	all, err := rulefile.Read(rules.Files, "*.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string][]rulefile.Rule{}
	for _, r := range all {
		if r.Alert != "" {
			byName[r.Alert] = append(byName[r.Alert], r)
		}
	}
	return byName
}

// TestEveryAlertHasAPanel follows the links in the heads of panels: to alerts
// that exist, and from every alert to where its reader can look closer.
func TestEveryAlertHasAPanel(t *testing.T) {
	linked := map[string]string{}
	for _, d := range All(English) {
		for _, p := range d.AllPanels() {
			for _, link := range p.Links {
				linked[link.Title] = link.URL
			}
		}
	}
	known := alertRules(t)
	for name, rules := range known {
		if want := rules[0].Annotations["runbook_url"]; linked[name] != want {
			t.Errorf("the runbook of %s is linked as %q, want %q", name, linked[name], want)
		}
	}
	for name := range linked {
		if known[name] == nil {
			t.Errorf("a panel links the runbook of %s, which no rule is named", name)
		}
	}
}

// TestLinesStandWhereRulesAlert looks for each level among the numbers of the
// rules of its alert, as itself or as what is left to 1.
func TestLinesStandWhereRulesAlert(t *testing.T) {
	known := alertRules(t)
	for _, line := range []struct {
		alert string
		level float64
	}{
		{"DatabaseConnectionsHigh", connectionsWarning},
		{"DiskSpaceLow", diskCritical},
		{"QueryPerformanceDegraded", queryTimeWarning},
		{"MySQLReplicationLag", replicationLagWarning},
		{"MySQLMetadataLockPileUp", metadataWaiters},
		{"MySQLMetadataLockPileUp", metadataWait},
		{"MySQLLongTransaction", transactionAge},
		{"BackupFailure", backupSuccessLow},
		{"MigrationFailure", migrationSuccessLow},
		{"HostFilesystemFull", filesystemFull},
		{"HostInodesLow", inodesFull},
		{"HostMemoryLow", memoryFull},
		{"ProcessFileDescriptorsHigh", descriptorsHigh},
		{"ApiErrorBudgetBurn", fastBurn},
		{"ApiErrorBudgetBurn", slowBurn},
		{"ApiLatencyHigh", slowRequests},
		{"ApiCertificateExpiring", certificateCritical},
		{"ApiCertificateExpiring", certificateWarning},
		{"LogErrorBurst", logErrors},
		{"ApiLogUnparsed", unparsedLines},
		{"AlertmanagerNotificationsFailing", notificationsFailing},
		{"SnapshotStale", snapshotsLate},
		{"BackupRepositoryFilling", repositoryFull},
		{"MigrationWithoutBackup", verifiedBackupOld},
	} {
		if !mentions(t, known[line.alert], line.level) {
			t.Errorf("%s does not alert at %g", line.alert, line.level)
		}
	}
}

func mentions(t *testing.T, alerts []rulefile.Rule, level float64) bool {
	t.Helper()
	found := false
	for _, r := range alerts {
		expr, err := rulefile.Parser().ParseExpr(r.Expr)
		if err != nil {
			t.Fatal(err)
		}
		parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
			if number, ok := n.(*parser.NumberLiteral); ok {
				const close = 1e-9
				found = found || math.Abs(number.Val-level) < close || math.Abs(1-number.Val-level) < close
			}
			return nil
		})
	}
	return found
}
