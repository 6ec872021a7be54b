// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"

	shippedalertmanager "github.com/easy-erp/dbsync/alertmanager"
	shippedprometheus "github.com/easy-erp/dbsync/prometheus"
	shippedrules "github.com/easy-erp/dbsync/rules"
)

func source() Source {
	return Source{
		Prometheus:   shippedprometheus.Config,
		Rules:        shippedrules.Files,
		Alertmanager: shippedalertmanager.Files,
	}
}

func committedConfig(t *testing.T) []byte { return mustCommitted(t) }

func mustCommitted(t testing.TB) []byte {
	t.Helper()
	text, err := fs.ReadFile(shippedalertmanager.Files, shippedalertmanager.ConfigName)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const everything = `
alertmanager:
  version: "0.33"
  smtp: {smarthost: "127.0.0.1:2525", from: dbsync@erp.test, username: dbsync, password_file: /run/secrets/smtp, require_tls: false}
  scale: 0.01
  receivers:
    email_admin: {email: {to: [a@erp.test, b@erp.test]}}
    slack_dev: {slack: {url: "http://127.0.0.1:1/dev", channel: "#dev"}}
    slack_ops: {slack: {url_file: /run/secrets/ops}}
    webhook_oncall: {webhook: {url_file: /run/secrets/oncall, token_file: /run/secrets/token}}
    sms_oncall: {sns: {phone_number: "+15555550199", region: us-east-1, access_key: AK, secret_key: SK, api_url: "http://127.0.0.1:2"}}
    push_oncall: {pushover: {user_key_file: /run/secrets/user, token_file: /run/secrets/app}}
    watchdog: {webhook: {url: "http://127.0.0.1:3/ping"}}
prometheus:
  address: "127.0.0.1:19090"
  exporter: "127.0.0.1:19999"
  instance: crm-primary
  targets: [crm-replica]
  alertmanagers: ["127.0.0.1:19093"]
  scrape_interval: 1s
  evaluation_interval: 1s
rules: {scale: 0.1, grafana_url: "https://grafana.erp.test/", runbook_url: "https://wiki.erp.test/run"}
`

func mustParse(t *testing.T, text string) Values {
	t.Helper()
	v, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustLoad(t *testing.T, out Output) *amconfig.Config {
	t.Helper()
	config, err := amconfig.Load(string(out.Text))
	if err != nil {
		t.Fatalf("%v\n%s", err, out.Text)
	}
	return config
}

func TestAlertmanagerWithEverything(t *testing.T) {
	out, err := AlertmanagerConfig(committedConfig(t), mustParse(t, everything))
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Notes) != 0 || !out.Secret {
		t.Errorf("notes %q, secret %v; want none, true", out.Notes, out.Secret)
	}
	config := mustLoad(t, out)
	if got := len(config.Receivers); got != 8 {
		t.Errorf("%d receivers, want all 8", got)
	}
	for _, want := range []string{
		"# How escalation works:", "to: a@erp.test, b@erp.test", "smtp_require_tls: false",
		"url_file: /run/secrets/oncall", "user_key_file: /run/secrets/user", "api_url: http://127.0.0.1:1/dev",
	} {
		if !bytes.Contains(out.Text, []byte(want)) {
			t.Errorf("%q is missing in\n%s", want, out.Text)
		}
	}
	for _, example := range []string{"example.com", "/etc/alertmanager/secrets", "example-user-key"} {
		if bytes.Contains(out.Text, []byte(example)) {
			t.Errorf("the example %q is left", example)
		}
	}
}

func TestWaitsAreScaledByValues(t *testing.T) {
	out, err := AlertmanagerConfig(committedConfig(t), mustParse(t, everything))
	if err != nil {
		t.Fatal(err)
	}
	got := waits(mustLoad(t, out), model.LabelSet{"severity": "critical", "rule_id": "migration_failure", "component": "migration"})
	want := map[string]time.Duration{
		"email_admin": 0, "slack_dev": 0, "webhook_oncall": 3 * time.Second,
		"sms_oncall": 9 * time.Second, "push_oncall": 36 * time.Second,
	}
	if len(got) != len(want) {
		t.Fatalf("told: %v, want %v", got, want)
	}
	for name, wait := range want {
		if got[name] != wait {
			t.Errorf("%s is told after %v, want %v", name, got[name], wait)
		}
	}
}

func waits(config *amconfig.Config, labels model.LabelSet) map[string]time.Duration {
	told := map[string]time.Duration{}
	for _, route := range dispatch.NewRoute(config.Route, nil).Match(labels) {
		told[route.RouteOpts.Receiver] = route.RouteOpts.GroupWait
	}
	return told
}

func TestWhatHasNoValuesDropsOut(t *testing.T) {
	v := mustParse(t, `alertmanager: {receivers: {webhook_oncall: {webhook: {url: "http://127.0.0.1:1/"}}}}`)
	out, err := AlertmanagerConfig(committedConfig(t), v)
	if err != nil {
		t.Fatal(err)
	}
	config := mustLoad(t, out)
	critical := waits(config, model.LabelSet{"severity": "critical", "rule_id": "disk_space_low"})
	if wait, ok := critical["webhook_oncall"]; !ok || wait != 0 || len(critical) != 1 {
		t.Errorf("the only receiver is told %v, want at once", critical)
	}
	if told := waits(config, model.LabelSet{"severity": "none"}); len(told) != 1 || told["webhook_oncall"] != 0 {
		if _, quiet := told["nobody"]; !quiet {
			t.Errorf("the watchdog reaches %v, want nobody", told)
		}
	}
	if !slices.Contains(out.Notes, "receiver email_admin drops out: no values for it") {
		t.Errorf("no note of what dropped out: %q", out.Notes)
	}
	if bytes.Contains(out.Text, []byte("smtp_")) {
		t.Error("mail settings are left without mail")
	}
}

func TestNobodyToTellIsAnError(t *testing.T) {
	_, err := AlertmanagerConfig(committedConfig(t), Values{})
	if err == nil || !strings.Contains(err.Error(), "critical alerts would reach nobody") {
		t.Errorf("got %v", err)
	}
}

func TestRepeatOfCriticalAlertsStaysWithinAnHour(t *testing.T) {
	for _, test := range []struct{ given, critical, warning string }{
		{"12h", "1h", "12h"}, {"10m", "10m", "10m"},
	} {
		v := mustParse(t, `alertmanager: {repeat_interval: `+test.given+`, receivers: {webhook_oncall: {webhook: {url: "http://127.0.0.1:1/"}}}}`)
		out, err := AlertmanagerConfig(committedConfig(t), v)
		if err != nil {
			t.Fatal(err)
		}
		root := dispatch.NewRoute(mustLoad(t, out).Route, nil)
		for severity, want := range map[string]string{"critical": test.critical, "warning": test.warning} {
			got := root.Match(model.LabelSet{"severity": model.LabelValue(severity)})[0].RouteOpts.RepeatInterval
			if model.Duration(got).String() != want {
				t.Errorf("repeat %s: %s repeats after %v, want %s", test.given, severity, got, want)
			}
		}
	}
}

func TestSecretsForOldVersionsAreInlined(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("the-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	push := &Pushover{UserKeyFile: path, TokenFile: path}
	v := Values{Alertmanager: Alertmanager{Version: "0.25", Receivers: map[string]Receiver{"push_oncall": {Pushover: push}}}}
	out, err := AlertmanagerConfig(committedConfig(t), v)
	if err != nil {
		t.Fatal(err)
	}
	if !out.Secret || !bytes.Contains(out.Text, []byte("user_key: the-key")) {
		t.Errorf("secret %v, text\n%s", out.Secret, out.Text)
	}
	push.UserKeyFile = path + ".missing"
	if _, err := AlertmanagerConfig(committedConfig(t), v); err == nil || !strings.Contains(err.Error(), "user_key_file") {
		t.Errorf("a missing file gives %v", err)
	}
}

func TestBadValues(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"alertmanager: {recievers: {}}", "recievers"},
		{"alertmanager: {version: latest}", "not of the form"},
		{"alertmanager: {version: '0.24'}", "older than 0.25"},
		{"alertmanager: {language: fr}", "none of both, en, zh"},
		{"alertmanager: {warnings: never}", "neither always nor business_hours"},
		{"alertmanager: {warnings: business_hours}", "business_hours.location: needed"},
		{"alertmanager: {business_hours: {location: Asia/Beijing}}", "unknown time zone"},
		{"alertmanager: {business_hours: {location: Asia/Shanghai, times: ['22:00-06:00']}}", "times"},
		{"rules: {scale: -1}", "scale"},
		{"alertmanager: {receivers: {a: {}}}", "has no channel"},
		{"alertmanager: {receivers: {nobody: {webhook: {url: http://x}}}}", "not a name"},
		{"alertmanager: {receivers: {'a b': {webhook: {url: http://x}}}}", "not a name"},
		{"alertmanager: {receivers: {email_admin: {email: {to: [a@b]}}}}", "smarthost"},
		{"alertmanager: {receivers: {slack_dev: {slack: {url: http://x, url_file: /y}}}}", "slack_dev: slack.url: given as a value and as a file"},
		{"alertmanager: {receivers: {push_oncall: {pushover: {token: t}}}}", "pushover.user_key: missing"},
		{"alertmanager: {receivers: {sms_oncall: {sns: {topic_arn: a, phone_number: '+1'}}}}", "either"},
		{"alertmanager: {receivers: {a: {wecom: {corp_id: c, agent_id: '1', secret: s}}}}", "to_user, to_party or to_tag: missing"},
		{"alertmanager: {receivers: {a: {telegram: {bot_token: t}}}}", "chat_id: missing"},
		{"alertmanager: {escalation: [{after: 5m, receivers: [sms_oncal]}]}", `"sms_oncal" is no receiver`},
		{"alertmanager: {escalation: [{after: 0s, receivers: [sms_oncall]}]}", "after 0s"},
		{"alertmanager: {escalation: [{after: 5m, receivers: [sms_oncall], during: night}]}", `during "night"`},
		{"alertmanager: {escalation: [{after: 5m, receivers: [sms_oncall], during: off_hours}]}", "business_hours.location"},
		{"alertmanager: {rows: [{severity: critical, told: [slack_dev]}]}", "the last row of severity warning"},
		{"alertmanager: {rows: [{severity: page, told: [slack_dev]}]}", "neither critical nor warning"},
		{"alertmanager: {rows: [{severity: critical, match: ['a==b'], told: [slack_dev]}]}", "match"},
		{"alertmanager: {rows: [{severity: critical}]}", "told: names nobody"},
	} {
		if _, err := Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want something on %q", test.text, err, test.want)
		}
	}
}

func TestWriteLaysOutTheFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(dir, source(), mustParse(t, everything)); err != nil {
		t.Fatal(err)
	}
	for path, wants := range map[string][]string{
		"prometheus/prometheus.yml": {
			"127.0.0.1:19999", "instance: crm-primary", "scrape_interval: 1s", "scrape_timeout: 900ms",
			"127.0.0.1:19093", "127.0.0.1:19090", "replacement: 127.0.0.1:19999",
		},
		"prometheus/targets/dbsync.yml": {"crm-replica"},
		"prometheus/rules/mysql.rules.yml": {
			"interval: 1s", "for: 3s", "https://grafana.erp.test/d/dbsync-overview?var-instance={{ $labels.instance | urlquery }}",
			"https://wiki.erp.test/run/mysqldown.md",
		},
		"alertmanager/templates/mail.tmpl": {"dbsync.mail.html"},
	} {
		text, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, want := range wants {
			if !bytes.Contains(text, []byte(want)) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	info, err := os.Stat(filepath.Join(dir, "alertmanager/alertmanager.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != private {
		t.Errorf("a file with secrets has mode %v", info.Mode())
	}
}

func TestWriteChangesNothingOnError(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(dir, source(), Values{}); err == nil {
		t.Fatal("no error")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("%v left behind (%v)", entries, err)
	}
}

func TestMutedTellsNobody(t *testing.T) {
	for _, receivers := range []string{"", `, receivers: {webhook_oncall: {webhook: {url: "http://127.0.0.1:1/"}}}`} {
		out, err := AlertmanagerConfig(committedConfig(t), mustParse(t, `alertmanager: {muted: true`+receivers+`}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, severity := range []string{"critical", "warning", "none"} {
			told := waits(mustLoad(t, out), model.LabelSet{"severity": model.LabelValue(severity)})
			if _, quiet := told["nobody"]; !quiet || len(told) != 1 {
				t.Errorf("%s reaches %v, want nobody", severity, told)
			}
		}
		if !slices.Contains(out.Notes, "muted: Alertmanager tells nobody") {
			t.Errorf("nothing says so: %q", out.Notes)
		}
	}
}

func TestTimeoutIsLeftOutWhereItIsUnknown(t *testing.T) {
	const values = `alertmanager: {timeout: 30s, version: "%s", receivers: {
		slack_dev: {slack: {url: "http://127.0.0.1:1/"}}, webhook_oncall: {webhook: {url: "http://127.0.0.1:1/"}}}}`
	for version, want := range map[string]int{"0.25": 0, "0.28": 1, "0.30": 2} {
		out, err := AlertmanagerConfig(committedConfig(t), mustParse(t, fmt.Sprintf(values, version)))
		if err != nil {
			t.Fatal(err)
		}
		mustLoad(t, out)
		if got := bytes.Count(out.Text, []byte("timeout: 30s")); got != want {
			t.Errorf("Alertmanager %s: %d timeouts, want %d", version, got, want)
		}
	}
}

func TestFurtherFilesAndOwners(t *testing.T) {
	dir := t.TempDir()
	v := mustParse(t, `alertmanager: {receivers: {webhook_oncall: {webhook: {url: "http://127.0.0.1:1/"}}}}`)
	secret := filepath.Join(dir, "alertmanager", "secrets", "token")
	for _, text := range []string{"first", "second"} {
		if _, err := Write(dir, source(), v, File{Path: "alertmanager/secrets/token", Text: []byte(text), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(secret)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(secret); string(got) != text || info.Mode().Perm() != 0o600 {
			t.Errorf("%q, mode %v", got, info.Mode())
		}
		if os.Geteuid() == 0 {
			checkOwner(t, secret, text)
		}
	}
}
