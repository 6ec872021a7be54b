// SPDX-License-Identifier: Apache-2.0

//go:build unix

package alertmanager

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// everyChannel returns the committed values with every block that is commented
// out there, and secrets that exist.
func everyChannel(t *testing.T) render.Values {
	t.Helper()
	text, err := os.ReadFile(ValuesName)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`(?m)^    #\| `).ReplaceAll(text, []byte("    "))
	secrets := t.TempDir()
	for _, match := range regexp.MustCompile(`/etc/alertmanager/secrets/(\w+)`).FindAllSubmatch(text, -1) {
		if err := os.WriteFile(filepath.Join(secrets, string(match[1])), []byte("https://secret.example.com/key\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	values, err := render.Parse(bytes.ReplaceAll(text, []byte("/etc/alertmanager/secrets"), []byte(secrets)))
	if err != nil {
		t.Fatalf("the blocks in the comments of %s: %v", ValuesName, err)
	}
	return values
}

// rendered writes an installation's files and returns alertmanager.yml.
func renderFiles(t *testing.T, values render.Values) string {
	t.Helper()
	source, err := fs.ReadFile(Files, ConfigName)
	if err != nil {
		t.Fatal(err)
	}
	out, err := render.AlertmanagerConfig(source, values)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, Files); err != nil {
		t.Fatal(err)
	}
	for name, text := range out.Templates {
		if err := os.WriteFile(filepath.Join(dir, "templates", name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, ConfigName)
	if err := os.WriteFile(path, out.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every channel with the version that it needs, and refused with a reason before.
func TestEveryChannelIsAcceptedByItsAlertmanager(t *testing.T) {
	values := everyChannel(t)
	if len(values.Alertmanager.Receivers) < 16 {
		t.Errorf("only %d receivers: blocks of %s are missing", len(values.Alertmanager.Receivers), ValuesName)
	}
	for _, edition := range []sandbox.Edition{sandbox.Old, sandbox.New} {
		t.Run(string(edition), func(t *testing.T) {
			amtool := testenv.Tool(t, edition, "amtool")
			v := values
			v.Alertmanager.Receivers = map[string]render.Receiver{}
			v.Alertmanager.Version = map[sandbox.Edition]string{sandbox.Old: "0.25.0", sandbox.New: "0.33.1"}[edition]
			refused := map[string]bool{}
			for name, receiver := range values.Alertmanager.Receivers {
				v.Alertmanager.Receivers[name] = receiver
				if _, err := render.AlertmanagerConfig(committed(t), v); err != nil {
					if !strings.Contains(err.Error(), name+": ") || !strings.Contains(err.Error(), "needs Alertmanager 0.") {
						t.Errorf("%s: %v", name, err)
					}
					delete(v.Alertmanager.Receivers, name)
					refused[name] = true
				}
			}
			if want := map[sandbox.Edition]int{sandbox.Old: 4, sandbox.New: 0}[edition]; len(refused) != want {
				t.Errorf("refused: %v, want %d of them", refused, want)
			}
			path := renderFiles(t, v)
			program, args := amtool.Command("check-config", path)
			if out, err := exec(program, args...); err != nil {
				text, _ := os.ReadFile(path)
				t.Fatalf("%v\n%s\n%s", err, out, text)
			}
			for name := range v.Alertmanager.Receivers {
				program, args := amtool.Command("config", "routes", "test", "--config.file", path, "--verify.receivers="+name, "escalate="+name)
				if out, err := exec(program, args...); err != nil && name != "watchdog" {
					t.Errorf("%s: %v\n%s", name, err, out)
				}
			}
		})
	}
}

func committed(t *testing.T) []byte {
	t.Helper()
	source, err := fs.ReadFile(Files, ConfigName)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// What an old version cannot read from a file is in its configuration, what a
// new one can is not.
func TestSecretsAreInlinedOnlyForOldVersions(t *testing.T) {
	values := everyChannel(t)
	for name := range values.Alertmanager.Receivers {
		if r := values.Alertmanager.Receivers[name]; r.DingTalk != nil || r.Feishu != nil || r.Teams != nil || r.SMSGateway != nil {
			delete(values.Alertmanager.Receivers, name)
		}
	}
	values.Alertmanager.Receivers["push_oncall"].Pushover.UserKey = ""
	values.Alertmanager.Receivers["push_oncall"].Pushover.Token = ""
	file := values.Alertmanager.Receivers["goalert_dba"].GoAlert.URLFile
	values.Alertmanager.Receivers["push_oncall"].Pushover.UserKeyFile = file
	values.Alertmanager.Receivers["push_oncall"].Pushover.TokenFile = file
	for version, inlined := range map[string]int{"0.25": 7, "0.26": 2, "0.28": 1, "0.33": 0} {
		values.Alertmanager.Version = version
		out, err := render.AlertmanagerConfig(committed(t), values)
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Count(out.Text, []byte("https://secret.example.com/key")); out.Secret != (inlined > 0) || got > inlined || (got == 0) != (inlined == 0) {
			t.Errorf("%s: %d secrets in the file, secret %v, want at most %d", version, got, out.Secret, inlined)
		}
	}
}

func TestLanguages(t *testing.T) {
	for language, want := range map[string]struct{ has, lacks string }{
		"en": {"Told at once.", "立即通知"}, "zh": {"立即通知", "Told at once."}, "both": {"Told at once. ", "\x00"},
	} {
		values := everyChannel(t)
		values.Alertmanager.Version, values.Alertmanager.Language = "0.33", language
		values.Alertmanager.OncallURL = "https://oncall.erp.test/"
		templates := loadTemplates(t, filepath.Dir(renderFiles(t, values)))
		data := notifications()["firing"]
		for _, name := range []string{"dbsync.mail.text", "dbsync.chat", "dbsync.push", "dbsync.slack.text"} {
			text := rendered(t, templates.ExecuteTextString, name, data)
			if !strings.Contains(text, want.has) || strings.Contains(text, want.lacks) {
				t.Errorf("%s in %s: want %q and not %q:\n%s", name, language, want.has, want.lacks, text)
			}
		}
		mail := rendered(t, templates.ExecuteHTMLString, "dbsync.mail.html", data)
		if !strings.Contains(mail, `href="https://oncall.erp.test/alerts/`+data.Alerts[0].Fingerprint+`"`) {
			t.Errorf("no link to acknowledge in %s:\n%s", language, mail)
		}
	}
}

// The blocks in the comments are for people to take over: each stands below the
// key "receivers", indented like the rest.
func TestBlocksInCommentsAreReceivers(t *testing.T) {
	text, err := os.ReadFile(ValuesName)
	if err != nil {
		t.Fatal(err)
	}
	var plain struct {
		Alertmanager struct {
			Receivers map[string]any `yaml:"receivers"`
		} `yaml:"alertmanager"`
	}
	if err := yaml.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	for name := range everyChannel(t).Alertmanager.Receivers {
		if _, active := plain.Alertmanager.Receivers[name]; !active && !strings.Contains(string(text), "#| "+name+":") {
			t.Errorf("%s is in no comment", name)
		}
	}
}
