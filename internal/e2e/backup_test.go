// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/inbox"
)

const (
	backupSubject = "BackupFailure erp-primary backup nightly"
	failedBackup  = `dbsync_backup_last_status{instance="erp-primary",backup="nightly",status=~"failed|timeout|partial|lost"}`
	backupFiring  = `ALERTS{alertname="BackupFailure",alertstate="firing",reason="failed"}`
)

// TestAnInterruptedBackupIsDelivered ends the dump tool half way: the folder then holds a file that is no backup. Slack
// is told at once, and the administrators when nobody has acknowledged it; a whole dump resolves it.
func TestAnInterruptedBackupIsDelivered(t *testing.T) {
	everywhere(t, func(t *testing.T, s system) {
		s.firstSample(t, failedBackup, 0)
		if err := s.Break(t.Context(), "backup"); err != nil {
			t.Fatal(err)
		}
		broken := time.Now()
		slack := s.opsTold(t, "[WARNING] ")
		mail := s.mailed(t, "[WARNING] "+backupSubject)
		contains(t, "mail", mail.Body, []string{"nightly of erp-primary did not succeed", "数据库备份失败", "docs/runbooks/backupfailure.md"})
		seen, alerted := s.firstSample(t, failedBackup, 1), s.firstSample(t, backupFiring, 1)
		way := legs{t, "firing"}
		way.took("cut dump -> metric", broken, seen)
		way.took("metric -> alert", seen, alerted)
		way.took("alert -> Slack", alerted, slack.At)
		way.took("alert -> mail (later)", alerted, mail.At)
		if mail.At.Before(slack.At) {
			t.Error("the mail, which is a later level, was sent before Slack was told")
		}

		if err := s.Heal(t.Context()); err != nil {
			t.Fatal(err)
		}
		healed := time.Now()
		way = legs{t, "resolved"}
		way.took("whole dump -> Slack", healed, s.opsTold(t, "[RESOLVED] ").At)
		way.took("whole dump -> mail", healed, s.mailed(t, "[RESOLVED] "+backupSubject).At)
	})
}

func (s system) mailed(t *testing.T, subject string) inbox.Mail {
	t.Helper()
	return s.mails.WaitFor(t, patience, subject, func(m inbox.Mail) bool { return m.Subject == subject })
}

func (s system) opsTold(t *testing.T, state string) inbox.Post {
	t.Helper()
	return s.posts.WaitFor(t, patience, state+"Slack message", func(p inbox.Post) bool {
		return p.Path == "/slack/ops" && strings.Contains(string(p.Body), state+"BackupFailure")
	})
}
