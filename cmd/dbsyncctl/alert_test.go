// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/alertlab"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// An incident from the command line, from its beginning to its end.
func TestAlertCommands(t *testing.T) {
	t.Parallel()
	for _, edition := range []sandbox.Edition{testenv.Old, testenv.New} {
		t.Run(string(edition), func(t *testing.T) {
			t.Parallel()
			lab := alertlab.Start(t, edition, nil)
			url := "--alertmanager.url=" + lab.Alertmanager.URL()
			do := func(want int, args ...string) string {
				t.Helper()
				code, stdout, stderr := call(append(args, url)...)
				if code != want {
					t.Fatalf("%s: exit code %d, want %d: %s%s", strings.Join(args, " "), code, want, stdout, stderr)
				}
				return stdout + stderr
			}
			if said := do(exitOK, "alert", "list"); said != "nothing fires\n" {
				t.Errorf("list says %q", said)
			}
			do(exitOK, "alert", "fire", "--summary", "The array is degraded.",
				"alertname=RaidDegraded", "severity=critical", "component=host", "rule_id=raid_degraded", "instance=erp-primary")
			testenv.Eventually(t, 10*time.Second, "it is listed", func() error {
				code, stdout, _ := call("alert", "list", url)
				if code != exitEmpty || !strings.Contains(stdout, "RaidDegraded erp-primary") {
					return fmt.Errorf("exit code %d: %s", code, stdout)
				}
				return nil
			})
			do(exitFailure, "alert", "ack", "mysql_down")
			do(exitOK, "alert", "ack", "raid_degraded", "instance=erp-primary", "--by", "Li Lei", "--reason", "changing the disk")
			testenv.Eventually(t, 10*time.Second, "it is acknowledged", func() error {
				code, stdout, _ := call("alert", "list", "--json", url)
				var alerts []listed
				if err := json.Unmarshal([]byte(stdout), &alerts); err != nil {
					return err
				}
				if code != exitOK || len(alerts) != 1 || alerts[0].State != "acknowledged" || alerts[0].By != "Li Lei" {
					return fmt.Errorf("exit code %d: %s", code, stdout)
				}
				return nil
			})
			do(exitOK, "alert", "escalate", "raid_degraded", "--to", "webhook_oncall")
			lab.WaitTold(t, "webhook_oncall", "firing", alertlab.Labels("alertname", "RaidDegraded", "escalate", "webhook_oncall"), 1)
			do(exitOK, "alert", "unack", "raid_degraded")
			do(exitOK, "alert", "silence", "--reason", "night", "instance=erp-replica")
			do(exitOK, "alert", "resolve", "raid_degraded")
			testenv.Eventually(t, 10*time.Second, "it is over", func() error {
				if code, stdout, _ := call("alert", "list", url); code != exitOK {
					return fmt.Errorf("exit code %d: %s", code, stdout)
				}
				return nil
			})
			do(exitUsage, "alert", "fire", "alertname=X")
			do(exitUsage, "alert", "silence", "--reason", "x", "instance")
		})
	}
}

func TestChannelCommands(t *testing.T) {
	t.Parallel()
	for _, edition := range []sandbox.Edition{testenv.Old, testenv.New} {
		t.Run(string(edition), func(t *testing.T) {
			t.Parallel()
			lab := alertlab.Start(t, edition, nil)
			url := "--alertmanager.url=" + lab.Alertmanager.URL()
			if code, stdout, stderr := call("channel", "list", url); code != exitOK || !strings.Contains(stdout, "slack_ops\n") {
				t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
			}
			if code, stdout, stderr := call("channel", "test", "slack_ops", url); code != exitOK || !strings.Contains(stdout, "delivered") {
				t.Errorf("exit code %d: %s%s", code, stdout, stderr)
			}
			lab.WaitTold(t, "slack_ops", "firing", alertlab.Labels("alertname", "ChannelTest"), 1)
			if code, _, stderr := call("channel", "test", "slack", url); code != exitFailure || !strings.Contains(stderr, "slack_ops") {
				t.Errorf("exit code %d: %s", code, stderr)
			}
		})
	}
}
