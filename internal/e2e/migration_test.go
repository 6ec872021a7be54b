// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/inbox"
)

const (
	migrationSubject = "MigrationFailure erp-primary easy_erp.schema_migrations"
	failedRevisions  = `dbsync_migration_revisions{instance="erp-primary",schema="easy_erp",history="schema_migrations",state="failed"}`
	migrationFiring  = `ALERTS{alertname="MigrationFailure",alertstate="firing",severity="critical"}`
)

// TestAFailedMigrationIsDelivered deploys a release whose migration fails half way: golang-migrate leaves its history
// dirty. Whoever has to know is told, once, and told again when force and a clean run have repaired it.
func TestAFailedMigrationIsDelivered(t *testing.T) {
	everywhere(t, func(t *testing.T, s system) {
		s.firstSample(t, failedRevisions, 0)
		broken := time.Now()
		if err := s.Break(t.Context(), "migration"); err != nil {
			t.Fatal(err)
		}
		dirty := time.Now()
		firing := s.told(t, "[CRITICAL] ", "firing")
		checkMail(t, firing.mail, "golang-migrate left easy_erp.schema_migrations on erp-primary with a failed revision",
			"Stop deployments", "数据库迁移失败", "docs/runbooks/migrationfailure.md", "/d/dbsync-overview?var-instance=erp-primary",
			s.AlertmanagerURL()+"/#/silences/new?filter=")
		checkSlack(t, firing.slack, "danger", "[CRITICAL] MigrationFailure erp-primary",
			"golang-migrate left easy_erp.schema_migrations on erp-primary", "表结构可能只改了一半", "|Runbook>", "|Silence>")
		checkWebhook(t, firing.webhook)
		s.logLegs(t, broken, dirty, firing)

		if err := s.Heal(t.Context()); err != nil {
			t.Fatal(err)
		}
		healed := time.Now()
		over := s.told(t, "[RESOLVED] ", "resolved")
		checkMail(t, over.mail, "[RESOLVED] "+strings.Replace(migrationSubject, " ", ": ", 1), "over after")
		checkSlack(t, over.slack, "good", "[RESOLVED] MigrationFailure erp-primary", "(resolved)")
		alert := one(t, over.webhook)
		if alert.Fingerprint != one(t, firing.webhook).Fingerprint || !alert.EndsAt.After(alert.StartsAt) {
			t.Errorf("the webhook resolves another alert: %+v", alert)
		}
		way := legs{t, "resolved"}
		way.took("healed -> mail", healed, over.mail.At)
		way.took("healed -> Slack", healed, over.slack.At)
		way.took("healed -> webhook", healed, over.webhook.At)
		s.checkNobodyElse(t)
	})
}

// told are the three notices of one event.
type told struct {
	mail           inbox.Mail
	slack, webhook inbox.Post
}

// told waits for the notices of the migration: the mail's subject and Slack's text begin with the state, the webhook's
// status is one word.
func (s system) told(t *testing.T, state, status string) told {
	t.Helper()
	return told{
		mail: s.mails.WaitFor(t, patience, state+"mail", func(m inbox.Mail) bool { return m.Subject == state+migrationSubject }),
		slack: s.posts.WaitFor(t, patience, state+"Slack message", func(p inbox.Post) bool {
			return p.Path == "/slack/dev" && strings.Contains(string(p.Body), state+"MigrationFailure")
		}),
		webhook: s.posts.WaitFor(t, patience, status+" webhook", func(p inbox.Post) bool {
			hook, err := p.Webhook()
			return err == nil && p.Path == "/oncall" && hook.Status == status
		}),
	}
}

// logLegs says how long each leg took. Samples carry the time of their scrape or evaluation.
func (s system) logLegs(t *testing.T, broken, dirty time.Time, firing told) {
	t.Helper()
	seen := s.firstSample(t, failedRevisions, 1)
	alerted := s.firstSample(t, migrationFiring, 1)
	way := legs{t, "firing"}
	way.took("deployment failed in", broken, dirty)
	way.took("dirty row -> metric", dirty, seen)
	way.took("metric -> alert", seen, alerted)
	way.took("alert -> mail", alerted, firing.mail.At)
	way.took("alert -> Slack", alerted, firing.slack.At)
	way.took("alert -> webhook (later)", alerted, firing.webhook.At)
	way.took("dirty row -> mail", dirty, firing.mail.At)
	if firing.webhook.At.Before(firing.mail.At) {
		t.Error("the webhook, which is a later level, was told before the mail")
	}
}

func checkMail(t *testing.T, mail inbox.Mail, wants ...string) {
	t.Helper()
	if want := []string{"admin@example.com", "dba@example.com"}; !slices.Equal(mail.To, want) || mail.From != "dbsync@example.com" {
		t.Errorf("the mail is from %s to %v, want dbsync@example.com, %v", mail.From, mail.To, want)
	}
	contains(t, "mail", mail.Body, wants)
}

func checkSlack(t *testing.T, post inbox.Post, color, title string, wants ...string) {
	t.Helper()
	message, err := post.Slack()
	if err != nil || len(message.Attachments) != 1 {
		t.Fatalf("the Slack message has %d attachments (%v), want 1", len(message.Attachments), err)
	}
	attachment := message.Attachments[0]
	got := fmt.Sprintf("%s %s %s", message.Channel, attachment.Color, attachment.Title)
	if want := "#database-alerts " + color + " " + title; got != want {
		t.Errorf("the Slack message is %q, want %q", got, want)
	}
	contains(t, "Slack message", attachment.Text, wants)
}

// checkWebhook wants the identity of the alert as the design gives it.
func checkWebhook(t *testing.T, post inbox.Post) {
	t.Helper()
	alert := one(t, post)
	for label, want := range map[string]string{
		"alertname": "MigrationFailure", "severity": "critical", "component": "migration", "rule_id": "migration_failure",
		"reason": "failed_revision", "instance": "erp-primary", "schema": "easy_erp", "history": "schema_migrations",
		"tool": "golang-migrate",
	} {
		if alert.Labels[label] != want {
			t.Errorf("the webhook has %s=%q, want %q", label, alert.Labels[label], want)
		}
	}
	for _, annotation := range []string{"summary", "description", "summary_zh", "description_zh", "runbook_url", "dashboard_url"} {
		if alert.Annotations[annotation] == "" {
			t.Errorf("the webhook lacks the annotation %s", annotation)
		}
	}
}

func one(t *testing.T, post inbox.Post) inbox.WebhookAlert {
	t.Helper()
	hook, err := post.Webhook()
	if err != nil || len(hook.Alerts) != 1 {
		t.Fatalf("the webhook has %d alerts (%v), want 1", len(hook.Alerts), err)
	}
	return hook.Alerts[0]
}

// checkNobodyElse wants each notice once, and none where it does not belong.
func (s system) checkNobodyElse(t *testing.T) {
	t.Helper()
	var mails []string
	for _, mail := range s.mails.All() {
		mails = append(mails, mail.Subject)
	}
	if want := []string{"[CRITICAL] " + migrationSubject, "[RESOLVED] " + migrationSubject}; !slices.Equal(mails, want) {
		t.Errorf("mails %q, want %q", mails, want)
	}
	for _, post := range s.posts.All() {
		if post.Path == "/slack/ops" && strings.Contains(string(post.Body), "MigrationFailure") {
			t.Errorf("operations were told of a migration: %s", post)
		}
	}
}

func contains(t *testing.T, what, text string, wants []string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("the %s lacks %q:\n%s", what, want, text)
		}
	}
}
