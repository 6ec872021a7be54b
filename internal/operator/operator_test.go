// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/alertmanager"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/prometheus"
	"github.com/easy-erp/dbsync/rules"
)

var update = flag.Bool("update", false, "write the example in deploy/kubernetes")

// channels is every channel that this kind of object has. deploy/kubernetes
// holds the result and checks it against the operator's schema.
const channels = `
alertmanager:
  version: "0.33"
  smtp: {smarthost: "smtp.example.com:587", from: dbsync@example.com, username: dbsync, password_file: smtp_password, ca_file: ca.pem}
  timeout: 30s
  receivers:
    email_admin: {email: {to: [admin@example.com, dba@example.com]}}
    slack_dev: {slack: {url_file: slack_dev_url, channel: "#database-alerts"}}
    slack_ops: {slack: {url_file: slack_ops_url}, teams: {url_file: teams_url}, discord: {url_file: discord_url}}
    webhook_oncall: {webhook: {url: "https://oncall.example.com/api/alerts", token_file: oncall_token}, goalert: {url_file: goalert_url}}
    sms_oncall: {sns: {phone_number: "+15555550100", region: ap-southeast-1}, wecom: {corp_id: ww1, agent_id: "1", secret_file: wecom, to_user: li.si}}
    push_oncall: {pushover: {user_key_file: push_user, token_file: push_token}, telegram: {bot_token_file: telegram, chat_id: -100}, pagerduty: {routing_key_file: pagerduty}}
    watchdog: {webhook: {url: "https://deadman.example.com/ping/dbsync"}}
`

func objects(values string) ([]render.File, error) {
	v, err := render.Parse([]byte(values))
	if err != nil {
		return nil, err
	}
	files, _, err := render.Files(render.Source{
		Prometheus: prometheus.Config, Rules: rules.Files, Alertmanager: alertmanager.Files,
	}, v)
	if err != nil {
		return nil, err
	}
	return Files(files)
}

func TestExampleIsWhatIsGiven(t *testing.T) {
	files, err := objects(channels)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "deploy", "kubernetes", "testdata", "alertmanagerconfig.yaml")
	if *update {
		if err := os.WriteFile(path, files[1].Text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(files[1].Text, want) {
		t.Errorf("%s is stale: go test ./internal/operator -update", path)
	}
}

func TestNoFileIsLeftAndNoRouteIsLost(t *testing.T) {
	files, err := objects(channels)
	if err != nil {
		t.Fatal(err)
	}
	rendered := string(files[1].Text)
	if strings.Contains(rendered, "_file:") {
		t.Error("a file is left that no pod would have")
	}
	for _, want := range []string{"matchType: =~", "groupWait: 15m", "receiver: push_oncall", "sourceMatch:", "key: slack_dev_url", "dbsync.slack.text"} {
		if !strings.Contains(rendered, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestRulesKeepTheirMeaning(t *testing.T) {
	files, err := objects(channels)
	if err != nil {
		t.Fatal(err)
	}
	got := string(files[0].Text)
	if n := strings.Count(got, "kind: PrometheusRule"); n < 6 {
		t.Errorf("%d objects, want one for each rule file", n)
	}
	if !strings.Contains(got, "alert: MigrationFailure") || !strings.Contains(got, "runbook_url") {
		t.Error("rules are missing")
	}
}

func TestWhatCannotBeSaidIsAnError(t *testing.T) {
	for _, test := range []struct{ values, want string }{
		{`alertmanager: {receivers: {slack_dev: {slack: {url: "http://x"}}}}`, "receiver slack_dev: slack_configs: api_url is given as a value"},
		{`alertmanager: {version: "0.25", receivers: {push_oncall: {pushover: {user_key: a, token: b}}}}`, "token is given as a value"},
		{`alertmanager: {version: "0.33", receivers: {a: {feishu: {url: "http://x"}}}, rows: [{severity: critical, told: [a]}, {severity: warning, told: [a]}], escalation: []}`, "spec.configSecret"},
		{`alertmanager: {smtp: {smarthost: "a:1", from: a@b, username: u, password: p}, receivers: {email_admin: {email: {to: [a@b]}}}}`, "give password_file"},
		{`alertmanager: {warnings: business_hours, business_hours: {location: Asia/Shanghai}, receivers: {webhook_oncall: {webhook: {url: "http://x"}}}}`, "time zone"},
	} {
		if _, err := objects(test.values); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want something on %q", test.values, err, test.want)
		}
	}
}
