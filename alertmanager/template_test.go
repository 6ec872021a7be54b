// SPDX-License-Identifier: Apache-2.0

package alertmanager

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
)

var onset = time.Date(2026, 11, 24, 3, 14, 15, 0, time.UTC)

func firing(labels template.KV) template.Alert {
	return template.Alert{
		Status: "firing", Labels: labels, StartsAt: onset, Fingerprint: "0123456789abcdef", GeneratorURL: "http://prometheus.erp.test:9090/graph?g0.tab=1",
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
	"dbsync.alerts.link", "dbsync.sms.en", "dbsync.sms.zh", "dbsync.push", "dbsync.pushover.priority", "dbsync.pagerduty.severity",
	"dbsync.chat", "dbsync.post",
}

var htmls = []string{"dbsync.mail.html", "dbsync.telegram"}

func call(name string) string { return fmt.Sprintf("{{ template %q . }}", name) }

func TestGoldenNotifications(t *testing.T) {
	templates := loadTemplates(t, ".")
	for name, data := range notifications() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			for _, text := range texts {
				fmt.Fprintf(&out, "=== %s ===\n%s\n", text, rendered(t, templates.ExecuteTextString, text, data))
			}
			for _, html := range htmls {
				fmt.Fprintf(&out, "=== %s ===\n%s\n", html, rendered(t, templates.ExecuteHTMLString, html, data))
			}
			compare(t, filepath.Join("testdata", name+".golden"), out.Bytes())
		})
	}
}

// loadTemplates reads the templates below a folder as Alertmanager does.
func loadTemplates(t *testing.T, dir string) *template.Template {
	t.Helper()
	templates, err := template.FromGlobs([]string{filepath.Join(dir, "templates", "*.tmpl")})
	if err != nil {
		t.Fatal(err)
	}
	return templates
}

func rendered(t *testing.T, execute func(string, any) (string, error), name string, data *template.Data) string {
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

// Limits of the services, most of which refuse a message that is longer.
func TestLimitsOfTheChannels(t *testing.T) {
	templates := loadTemplates(t, ".")
	for name, data := range stretched() {
		text := func(template string) string { return rendered(t, templates.ExecuteTextString, template, data) }
		for _, limit := range []struct {
			template string
			size     func(string) int
			most     int
		}{
			{"dbsync.sms.en", bytesOf, 159},
			{"dbsync.sms.zh", utf8.RuneCountInString, 70},
			{"dbsync.push", utf8.RuneCountInString, 1024},
			{"dbsync.chat", bytesOf, 2048},
			{"dbsync.post", utf8.RuneCountInString, 2048},
		} {
			if got := limit.size(text(limit.template)); got > limit.most {
				t.Errorf("%s: %s takes %d of %d:\n%s", name, limit.template, got, limit.most, text(limit.template))
			}
		}
		if sms := text("dbsync.sms.en"); !isASCII(sms) {
			t.Errorf("%s: a text message that is not ASCII: %s", name, sms)
		}
		telegram := rendered(t, templates.ExecuteHTMLString, "dbsync.telegram", data)
		if got := utf8.RuneCountInString(telegram); got > 4096 {
			t.Errorf("%s: %d characters for Telegram", name, got)
		}
	}
}

// stretched are the notifications, and some whose every part is as long as it
// may be, in one, three and four bytes per character.
func stretched() map[string]*template.Data {
	all := notifications()
	for _, r := range []string{"x", "数", "😀"} {
		long := firing(identity(strings.Repeat(r, 500), strings.Repeat(r, 500)))
		long.Labels["alertname"] = strings.Repeat("Long", 100)
		for name := range long.Annotations {
			if !strings.HasSuffix(name, "_url") {
				long.Annotations[name] = strings.Repeat(r, 500)
			}
		}
		all["long "+r] = notification(long, long, long, long)
	}
	return all
}

func bytesOf(s string) int { return len(s) }

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 126 || r < 32 }) < 0
}

func TestHostileLabelsStayText(t *testing.T) {
	templates := loadTemplates(t, ".")
	data := notifications()["hostile"]
	for _, html := range htmls {
		text := rendered(t, templates.ExecuteHTMLString, html, data)
		for _, bad := range []string{"<b>\"", "javascript:", "<!channel>"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s holds %q:\n%s", html, bad, text)
			}
		}
	}
	for _, c := range []struct{ template, bad string }{
		{"dbsync.slack.text", "<!channel>"},
		{"dbsync.chat", "<"},
		{"dbsync.chat", "{{"},
		{"dbsync.post", "<"},
	} {
		if text := rendered(t, templates.ExecuteTextString, c.template, data); strings.Contains(text, c.bad) {
			t.Errorf("%s holds %q:\n%s", c.template, c.bad, text)
		}
	}
}

// Trap: Alertmanager reads what a template gives in a payload as YAML, and what
// looks like a number, a list or a mapping becomes one, which the services then
// refuse.
func TestPayloadsStayText(t *testing.T) {
	templates := loadTemplates(t, ".")
	for name, data := range stretched() {
		for _, text := range []string{"dbsync.chat", "dbsync.sms.time"} {
			got, err := template.DeepCopyWithTemplate(call(text), func(s string) (string, error) {
				return templates.ExecuteTextString(s, data)
			})
			if _, ok := got.(string); err != nil || !ok {
				t.Errorf("%s: %s becomes %T, %v", name, text, got, err)
			}
		}
	}
}

// Each receiver is told why it is told, and who is next, as the routes have it.
func TestReasonsFollowTheRoutes(t *testing.T) {
	templates := loadTemplates(t, ".")
	root := dispatch.NewRoute(load(t).Route, nil)
	for _, alert := range shipped(t) {
		steps := ladder(root, alert)
		if severity := alert["severity"]; severity == "info" || severity == "none" {
			continue
		}
		for i, s := range steps {
			labels := template.KV{}
			for label, value := range alert {
				labels[string(label)] = string(value)
			}
			data := notification(firing(labels))
			data.Receiver = s.receiver
			got := rendered(t, templates.ExecuteTextString, "dbsync.level", data)
			want := "Told at once."
			if s.wait > atOnce {
				want = fmt.Sprintf("not acknowledged for %v.", model.Duration(s.wait))
			}
			if !strings.Contains(got, want) {
				t.Errorf("%s to %s: %q does not say %q", name(alert), s.receiver, got, want)
			}
			next := slices.IndexFunc(steps, func(n step) bool { return n.wait > s.wait && n.wait > atOnce })
			if next > i {
				at := onset.Add(steps[next].wait).Format("15:04 MST")
				if want := fmt.Sprintf("Next: %s at %s", steps[next].receiver, at); !strings.Contains(got, want) {
					t.Errorf("%s to %s: %q does not say %q", name(alert), s.receiver, got, want)
				}
			} else if strings.Contains(got, "Next:") {
				t.Errorf("%s to %s: %q names somebody, and there is nobody", name(alert), s.receiver, got)
			}
		}
	}
}
