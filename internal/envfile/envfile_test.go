// SPDX-License-Identifier: Apache-2.0

package envfile

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/common/model"

	shipped "github.com/easy-erp/dbsync/alertmanager"
	"github.com/easy-erp/dbsync/internal/render"
)

var update = flag.Bool("update", false, "write the table in docs/environment.md")

// filled is the first example of these variables, with what only the reader
// knows filled in.
const filled = `# 监控系统配置
MONITORING_ENABLED=true
MONITORING_PORT=3001
MONITORING_HOST=0.0.0.0

INFLUXDB_URL=http://localhost:8086
INFLUXDB_TOKEN=your_influxdb_token
INFLUXDB_ORG=easy-erp
INFLUXDB_BUCKET=monitoring

ALERT_ENABLED=true
ALERT_EVALUATION_INTERVAL=30s
ALERT_NOTIFICATION_TIMEOUT=30s

SMTP_HOST=smtp.gmail.com
SMTP_PORT=587
SMTP_USER=alerts@company.com
SMTP_PASS='pa$$"word'

SLACK_WEBHOOK_DEV=https://hooks.slack.com/services/T0/B0/dev
SLACK_WEBHOOK_OPS=https://hooks.slack.com/services/T0/B0/ops

ONCALL_WEBHOOK_URL=https://oncall.company.com/api/alerts
ONCALL_API_TOKEN=oncall-secret

METRICS_RETENTION_DAYS=30
ALERT_HISTORY_RETENTION_DAYS=90
LOG_RETENTION_DAYS=7
`

const folder = "/etc/alertmanager"

func apply(text string) (Result, render.Values, error) {
	variables, err := Parse(text)
	if err != nil {
		return Result{}, render.Values{}, err
	}
	var v render.Values
	r, err := Apply(variables, folder, &v)
	return r, v, err
}

func mustApply(t *testing.T, text string) (Result, render.Values) {
	t.Helper()
	r, v, err := apply(text)
	if err != nil {
		t.Fatal(err)
	}
	return r, v
}

func TestEveryVariableBecomesSomething(t *testing.T) {
	r, v := mustApply(t, filled)
	want := map[string]string{
		"alertmanager/secrets/smtp_password": "pa$$\"word\n",
		"alertmanager/secrets/slack_dev_url": "https://hooks.slack.com/services/T0/B0/dev\n",
		"alertmanager/secrets/slack_ops_url": "https://hooks.slack.com/services/T0/B0/ops\n",
		"alertmanager/secrets/oncall_token":  "oncall-secret\n",
		"alertmanager/alertmanager.flags":    "--data.retention=2160h\n",
		"prometheus/prometheus.flags":        "--storage.tsdb.retention.time=90d\n",
		"serve.flags":                        "--web.listen-address=0.0.0.0:3001\n",
	}
	for _, f := range r.Files {
		if want[f.Path] != string(f.Text) {
			t.Errorf("%s: %q, want %q", f.Path, f.Text, want[f.Path])
		}
		if secret := strings.Contains(f.Path, "/secrets/"); secret && f.Mode != 0o600 {
			t.Errorf("%s has mode %v", f.Path, f.Mode)
		}
		delete(want, f.Path)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	if got := v.Prometheus.EvaluationInterval; got != model.Duration(30*time.Second) {
		t.Errorf("evaluation interval %v", got)
	}
	report := strings.Join(r.Report, "\n")
	for _, line := range strings.Split(filled, "\n") {
		if name, _, found := strings.Cut(line, "="); found && !strings.Contains(report, name) {
			t.Errorf("the report does not say what became of %s:\n%s", name, report)
		}
	}
}

// TestAlertmanagerReadsIt also proves that no secret lies in its configuration.
func TestAlertmanagerReadsIt(t *testing.T) {
	r, v := mustApply(t, filled)
	committed, err := fs.ReadFile(shipped.Files, shipped.ConfigName)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"0.25", "0.33"} {
		v.Alertmanager.Version = version
		out, err := render.AlertmanagerConfig(committed, v)
		if err != nil {
			t.Fatal(err)
		}
		config, err := amconfig.Load(string(out.Text))
		if err != nil {
			t.Fatalf("%s: %v\n%s", version, err, out.Text)
		}
		if config.Global.SMTPSmarthost.String() != "smtp.gmail.com:587" || config.Global.SMTPFrom != "alerts@company.com" {
			t.Errorf("%s: mail goes by %v from %s", version, config.Global.SMTPSmarthost, config.Global.SMTPFrom)
		}
		shown := string(out.Text) + strings.Join(append(r.Report, out.Notes...), "\n")
		for _, secret := range []string{`pa$$`, "B0/dev", "B0/ops", "oncall-secret"} {
			if strings.Contains(shown, secret) {
				t.Errorf("%s: the secret %s is shown", version, secret)
			}
		}
	}
}

func TestUnsetChannelsDropOut(t *testing.T) {
	_, v := mustApply(t, "SLACK_WEBHOOK_OPS=https://hooks.slack.com/services/T0/B0/ops\nSMTP_HOST=\n")
	if len(v.Alertmanager.Receivers) != 1 || v.Alertmanager.SMTP.Smarthost != "" {
		t.Errorf("%+v", v.Alertmanager)
	}
}

func TestAlertsSwitchedOff(t *testing.T) {
	if _, v := mustApply(t, "ALERT_ENABLED=false"); !v.Alertmanager.Muted {
		t.Error("people are still told")
	}
}

func TestValuesThatStandStay(t *testing.T) {
	v := render.Values{Alertmanager: render.Alertmanager{
		Muted:     true,
		Receivers: map[string]render.Receiver{"sms_oncall": {SNS: &render.SNS{PhoneNumber: "+15555550100"}}},
	}}
	_, err := Apply([]Variable{{Name: "SLACK_WEBHOOK_DEV", Value: "https://chat.example.com/x"}}, folder, &v)
	if err != nil || v.Alertmanager.Receivers["sms_oncall"].SNS == nil || v.Alertmanager.Receivers["slack_dev"].Slack == nil || !v.Alertmanager.Muted {
		t.Errorf("%v, %+v", err, v.Alertmanager)
	}
}

func TestWithoutLogin(t *testing.T) {
	_, v := mustApply(t, "SMTP_HOST=::1\nSMTP_PORT=25\nSMTP_REQUIRE_TLS=false\nSMTP_FROM=dbsync@erp.test\nALERT_EMAIL_TO='a@erp.test, b@erp.test'")
	smtp := v.Alertmanager.SMTP
	if smtp.Smarthost != "[::1]:25" || smtp.Username != "" || smtp.PasswordFile != "" || smtp.RequireTLS == nil || *smtp.RequireTLS {
		t.Errorf("%+v", smtp)
	}
	if to := v.Alertmanager.Receivers["email_admin"].Email.To; !slices.Equal(to, []string{"a@erp.test", "b@erp.test"}) {
		t.Errorf("to %q", to)
	}
}

func TestReportNamesWhatIsUnknown(t *testing.T) {
	r, _ := mustApply(t, "ALERT_ENABLED=true\nSLACK_WEBHOK_DEV=https://hooks.slack.com/services/T0/B0/secret")
	text := strings.Join(r.Report, "\n")
	if !strings.Contains(text, "line 2: SLACK_WEBHOK_DEV means nothing here") || strings.Contains(text, "secret") {
		t.Error(text)
	}
}

func TestBadVariables(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"A", "1: no ="},
		{"\n1A=x", "2: \"1A\" is no name"},
		{"A =x", "no space before the ="},
		{"A=1\nB=2\nA=3", "3: A is set in line 1 already"},
		{"A='x", "1: A: no closing '"},
		{"A='x'y", "1: A: something stands behind"},
		{`A="$x"`, "single quotes"},
		{"A=$x", "single quotes"},
		{"A=a b", "single quotes"},
		{"A=a\x01", "control character"},
		{"MONITORING_ENABLED=false", "MONITORING_ENABLED is false: nothing was written"},
		{"MONITORING_ENABLED=maybe", "line 1: MONITORING_ENABLED: must be true or false"},
		{"MONITORING_PORT=99999", "from 1 to 65535"},
		{"MONITORING_PORT=1\nMONITORING_HOST=host:80", "the port has a variable of its own"},
		{"ALERT_EVALUATION_INTERVAL=10m", "from 1s to 1m0s"},
		{"ALERT_NOTIFICATION_TIMEOUT=30", "a time such as 30s"},
		{"SMTP_HOST=mail.erp.test", "SMTP_FROM: must be the one address"},
		{"SMTP_HOST=mail.erp.test\nSMTP_FROM=a@erp.test", "ALERT_EMAIL_TO: must say who"},
		{"SMTP_HOST=smtp://mail\nSMTP_USER=a@erp.test\nSMTP_PASS=p", "line 1: SMTP_HOST: must be a host name"},
		{"SMTP_HOST=mail.erp.test\nSMTP_USER=a@erp.test", "line 2: SMTP_USER: needs SMTP_PASS"},
		{"SMTP_HOST=mail.erp.test\nSMTP_USER=a@erp.test\nSMTP_PASS=your_smtp_password", "line 3: SMTP_PASS: is still the example"},
		{"SLACK_WEBHOOK_DEV=https://hooks.slack.com/services/...", "still the example"},
		{"SLACK_WEBHOOK_DEV=hooks.slack.com/secret", "must be an address"},
		{"ONCALL_API_TOKEN=t", "ONCALL_WEBHOOK_URL is not set"},
		{"METRICS_RETENTION_DAYS=30d", "a whole number"},
		{"LOG_RETENTION_DAYS=0", "from 1 to 3650"},
	} {
		_, _, err := apply(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want something on %q", test.text, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error shows the value: %v", test.text, err)
		}
	}
}

func TestParseReadsWhatShellsAndComposeAgreeOn(t *testing.T) {
	got, err := Parse("\uFEFF# c\r\n\nexport A=1 # one\r\nB='#2 $'\nC=\"x y\" # z\nD=#no\nE=\n")
	want := []Variable{{"A", "1", 3}, {"B", "#2 $", 4}, {"C", "x y", 5}, {"D", "#no", 6}, {"E", "", 7}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
}

func TestSelectTakesKnownVariables(t *testing.T) {
	got := Select([]string{"PATH=/bin", "SMTP_HOST=h=1", "ALERT_ENABLED=", "ALERT_EMAIL_TO=a@b"})
	want := []Variable{{Name: "ALERT_EMAIL_TO", Value: "a@b"}, {Name: "SMTP_HOST", Value: "h=1"}}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(filled)
	f.Add("A='x' # y\nB=\"\"\nexport C=")
	f.Fuzz(func(t *testing.T, text string) {
		variables, err := Parse(text)
		if err != nil {
			return
		}
		// What was read can be written and read again.
		var out strings.Builder
		for _, v := range variables {
			quote := "'"
			if strings.Contains(v.Value, quote) {
				quote = `"`
			}
			out.WriteString(v.Name + "=" + quote + v.Value + quote + "\n")
		}
		again, err := Parse(out.String())
		if err != nil || len(again) != len(variables) {
			t.Fatalf("%q: %v", out.String(), err)
		}
		for i := range again {
			if again[i].Name != variables[i].Name || again[i].Value != variables[i].Value {
				t.Errorf("%+v, then %+v", variables[i], again[i])
			}
		}
	})
}

// TestReference keeps the table in the documentation in step.
func TestReference(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "environment.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- Generated by `go test ./internal/envfile -update`; do not edit. -->\n\n", "\n<!-- End of the generated part. -->"
	before, rest, _ := strings.Cut(string(text), begin)
	table, after, found := strings.Cut(rest, end)
	if !found {
		t.Fatalf("%s has no generated part", path)
	}
	if table == Table() {
		return
	}
	if !*update {
		t.Fatalf("%s is stale: go test ./internal/envfile -update", path)
	}
	if err := os.WriteFile(path, []byte(before+begin+Table()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
