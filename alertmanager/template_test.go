// SPDX-License-Identifier: Apache-2.0

package alertmanager

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/template"
)

var onset = time.Date(2026, 11, 24, 3, 14, 15, 0, time.UTC)

func firing(labels template.KV) template.Alert {
	return template.Alert{
		Status: "firing", Labels: labels, StartsAt: onset, GeneratorURL: "http://prometheus.erp.test:9090/graph?g0.tab=1",
		Annotations: template.KV{
			"summary":        "A database migration has failed.",
			"summary_zh":     "数据库迁移失败。",
			"description":    "flyway left " + labels["schema"] + " on " + labels["instance"] + " with a failed revision. Stop deployments.",
			"description_zh": labels["instance"] + " 上存在失败的版本。请暂停发布。",
			"runbook_url":    "https://github.com/easy-erp/dbsync/blob/main/docs/runbooks/migrationfailure.md",
			"dashboard_url":  "http://localhost:3000/d/dbsync-overview?var-instance=erp-primary",
		},
	}
}

func identity(instance, schema string) template.KV {
	return template.KV{
		"alertname": "MigrationFailure", "severity": "critical", "component": "migration", "rule_id": "migration_failure",
		"instance": instance, "schema": schema, "history": "flyway_schema_history",
	}
}

// notification is what Alertmanager makes of a group of alerts.
func notification(alerts ...template.Alert) *template.Data {
	first := alerts[0]
	data := &template.Data{
		Receiver: "email_admin", Status: first.Status, Alerts: alerts, ExternalURL: "http://alertmanager.erp.test:9093",
		GroupLabels: template.KV{}, CommonLabels: first.Labels, CommonAnnotations: first.Annotations,
	}
	for _, label := range []string{"alertname", "instance", "schema", "history"} {
		data.GroupLabels[label] = first.Labels[label]
	}
	return data
}

func notifications() map[string]*template.Data {
	resolved := firing(identity("erp-primary", "easy_erp"))
	resolved.Status, resolved.EndsAt = "resolved", onset.Add(42*time.Minute+300*time.Millisecond)
	var many []template.Alert
	for i := range 7 {
		many = append(many, firing(identity("erp-primary", fmt.Sprintf("tenant_%d", i))))
	}
	hostile := firing(identity(`<b>"a&b"</b>`, "<!channel> {{ .x }} 数据"))
	hostile.Annotations["runbook_url"] = "javascript:alert(1)"
	bare := template.Alert{Status: "firing", Labels: template.KV{"alertname": "Theirs"}, StartsAt: onset}
	return map[string]*template.Data{
		"firing": notification(firing(identity("erp-primary", "easy_erp"))), "resolved": notification(resolved),
		"many": notification(many...), "hostile": notification(hostile), "bare": notification(bare),
	}
}

var texts = []string{
	"dbsync.subject", "dbsync.mail.text", "dbsync.slack.color", "dbsync.slack.title", "dbsync.slack.text",
	"dbsync.alerts.link", "dbsync.sms", "dbsync.push",
}

const html = "dbsync.mail.html"

func call(name string) string { return fmt.Sprintf("{{ template %q . }}", name) }

func TestGoldenNotifications(t *testing.T) {
	templates, err := template.FromGlobs([]string{"templates/*.tmpl"})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range notifications() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, text := range texts {
				fmt.Fprintf(&out, "=== %s ===\n%s\n", text, render(t, templates.ExecuteTextString, text, data))
			}
			fmt.Fprintf(&out, "=== %s ===\n%s\n", html, render(t, templates.ExecuteHTMLString, html, data))
			compare(t, filepath.Join("testdata", name+".golden"), out.Bytes())
		})
	}
}

func render(t *testing.T, execute func(string, any) (string, error), name string, data *template.Data) string {
	t.Helper()
	out, err := execute(call(name), data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run `go test ./alertmanager -update` and look at the change. Got:\n%s", path, got)
	}
}

func TestLimitsOfTheChannels(t *testing.T) {
	templates, err := template.FromGlobs([]string{"templates/*.tmpl"})
	if err != nil {
		t.Fatal(err)
	}
	long := firing(identity(strings.Repeat("数", 500), strings.Repeat("x", 500)))
	long.Labels["alertname"] = strings.Repeat("Long", 100)
	all := notifications()
	all["long"] = notification(long, long, long, long)
	for name, data := range all {
		if sms := render(t, templates.ExecuteTextString, "dbsync.sms", data); len(sms) >= 160 || !isASCII(sms) {
			t.Errorf("%s: a text message of %d bytes: %s", name, len(sms), sms)
		}
		if push := render(t, templates.ExecuteTextString, "dbsync.push", data); utf8.RuneCountInString(push) > 1024 {
			t.Errorf("%s: a push of %d characters", name, utf8.RuneCountInString(push))
		}
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 126 || r < 32 }) < 0
}

func TestHostileLabelsStayText(t *testing.T) {
	templates, err := template.FromGlobs([]string{"templates/*.tmpl"})
	if err != nil {
		t.Fatal(err)
	}
	data := notifications()["hostile"]
	mail := render(t, templates.ExecuteHTMLString, html, data)
	for _, bad := range []string{"<b>\"", "javascript:"} {
		if strings.Contains(mail, bad) {
			t.Errorf("the mail holds %q:\n%s", bad, mail)
		}
	}
	if slack := render(t, templates.ExecuteTextString, "dbsync.slack.text", data); strings.Contains(slack, "<!channel>") {
		t.Errorf("a label mentions the whole channel:\n%s", slack)
	}
}
