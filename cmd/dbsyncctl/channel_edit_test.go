// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/alertlab"
	"github.com/easy-erp/dbsync/internal/inbox"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// office is a folder that was rendered, an Alertmanager that reads it, and what its receivers are sent.
type office struct {
	t           *testing.T
	dir, values string
	server      *sandbox.Service
	posts       testenv.Posts
}

func openOffice(t *testing.T, edition sandbox.Edition) *office {
	t.Helper()
	posts := testenv.Hook(t)
	values := write(t, "values.yml", `# Who is told here.
alertmanager:
  version: "`+alertlab.Versions(edition)+`"
  scale: 0.003
  receivers:
    # The team.
    slack_ops: {webhook: {url: "`+posts.URL()+`/slack_ops"}}
    sms_oncall: {webhook: {url: "`+posts.URL()+`/sms_oncall"}} # nights
`)
	dir := t.TempDir()
	if code, stdout, stderr := call("render", "--values", values, dir); code != exitOK {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}
	server := testenv.Alertmanager(t, edition, filepath.Join(dir, "alertmanager/alertmanager.yml"))
	return &office{t, dir, values, server, posts}
}

// do runs a command of `channel` with something on the input.
func (o *office) do(want int, in string, args ...string) string {
	o.t.Helper()
	args = append([]string{"channel"}, args...)
	args = append(args, "--alertmanager.url="+o.server.URL())
	if args[1] != "test" && args[1] != "list" {
		args = append(args, "--values", o.values, "--dir", o.dir)
	}
	var out bytes.Buffer
	if code := run(args, stdio{strings.NewReader(in), &out, &out}); code != want {
		o.t.Fatalf("%q: exit code %d, want %d: %s", args, code, want, &out)
	}
	return out.String()
}

func (o *office) read() string {
	o.t.Helper()
	text, err := os.ReadFile(o.values)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(text)
}

func TestChannelsAreAddedAndSwitched(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		o := openOffice(t, edition)
		o.do(exitOK, o.posts.URL()+"/dba\n", "add", "oncall_dba", "webhook", "--secret", "url")
		o.do(exitOK, "", "test", "oncall_dba")
		o.posts.WaitFor(t, 10*time.Second, "the new receiver is told", func(p inbox.Post) bool { return strings.HasSuffix(p.Path, "/dba") })
		secret := filepath.Join(o.dir, "alertmanager/secrets/oncall_dba_url")
		if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the secret's file: %v, %v", info, err)
		}
		o.do(exitOK, "", "disable", "sms_oncall")
		if said := o.do(exitOK, "", "list"); strings.Contains(said, "sms_oncall") || !strings.Contains(said, "oncall_dba") {
			t.Errorf("Alertmanager has %s", said)
		}
		o.do(exitOK, "", "enable", "sms_oncall")
		if said := o.do(exitOK, "", "list"); !strings.Contains(said, "sms_oncall") {
			t.Errorf("Alertmanager has %s", said)
		}
		text := o.read()
		for _, kept := range []string{"# Who is told here.", "# The team.", "# nights", "url_file: " + secret} {
			if !strings.Contains(text, kept) {
				t.Errorf("%q is not in\n%s", kept, text)
			}
		}
		if strings.Contains(text, "disabled") || strings.Contains(text, "/dba\n") {
			t.Errorf("a trace of the switch, or the secret, is in\n%s", text)
		}
	})
}

// What Alertmanager does not take leaves every file as it was.
func TestRefusedChannelsChangeNothing(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		o := openOffice(t, edition)
		before, config := o.read(), filepath.Join(o.dir, "alertmanager/alertmanager.yml")
		rendered, err := os.ReadFile(config)
		if err != nil {
			t.Fatal(err)
		}
		for want, args := range map[string][]string{
			"smtp.smarthost": {"add", "email_dba", "email", "to=a@example.com"},
			"no receiver is": {"disable", "slack_opps"},
			"has webhook":    {"add", "slack_ops", "webhook", "url=http://127.0.0.1:1/"},
			"not a name":     {"add", "nobody", "webhook", "url=http://127.0.0.1:1/"},
		} {
			if said := o.do(exitFailure, "", args...); !strings.Contains(said, want) {
				t.Errorf("%q: said %q, want %q", args, said, want)
			}
		}
		if said := o.do(exitUsage, "", "add", "slack_dba", "slack", "url=https://hooks.example.com/s3cret"); !strings.Contains(said, "url_file") || strings.Contains(said, "s3cret") {
			t.Errorf("a secret on the command line: %s", said)
		}
		if said := o.do(exitUsage, "", "add", "slack_dba", "slack", "chanel=x"); !strings.Contains(said, `did you mean "channel"`) {
			t.Errorf("said %s", said)
		}
		o.do(exitFailure, "", "disable", "slack_ops", "--alertmanager.url=http://127.0.0.1:1")
		// Alertmanager's file is right, but it does not read this one.
		elsewhere := t.TempDir()
		if code, _, stderr := call("render", "--values", o.values, elsewhere); code != exitOK {
			t.Fatal(stderr)
		}
		code, _, stderr := call("channel", "disable", "slack_ops", "--values", o.values, "--dir", elsewhere, "--alertmanager.url="+o.server.URL())
		if code != exitFailure || !strings.Contains(stderr, "reads another file") || !strings.Contains(stderr, "as it was") {
			t.Errorf("exit code %d: %s", code, stderr)
		}
		if after, _ := os.ReadFile(config); o.read() != before || !bytes.Equal(after, rendered) {
			t.Errorf("changed:\n%s\n%s", o.read(), after)
		}
		// Somebody's own changes are not overwritten.
		if err := os.WriteFile(config, append(rendered, "# mine\n"...), 0o600); err != nil {
			t.Fatal(err)
		}
		if said := o.do(exitFailure, "", "disable", "slack_ops"); !strings.Contains(said, "--force") {
			t.Errorf("said %s", said)
		}
	})
}

// The shipped values have many comments: nothing but the receiver's own lines changes, and switching twice changes nothing.
func TestEditingTheShippedValuesKeepsTheirText(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile("../../alertmanager/values.yml")
	if err != nil {
		t.Fatal(err)
	}
	values, dir := write(t, "values.yml", string(shipped)), t.TempDir()
	edit := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := call(append(append([]string{"channel"}, args...), "--values", values, "--dir", dir, "--no-reload")...)
		if code != exitOK {
			t.Fatalf("%q: exit code %d: %s%s", args, code, stdout, stderr)
		}
		text, err := os.ReadFile(values)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, name := range []string{"slack_dev", "sms_oncall", "watchdog"} {
		disabled := edit("disable", name)
		if got := strings.Replace(disabled, "      disabled: true\n", "", 1); disabled == string(shipped) || got != string(shipped) {
			t.Errorf("without %s:\n%s", name, disabled)
		}
		if enabled := edit("enable", name); enabled != string(shipped) {
			t.Errorf("%s again:\n%s", name, enabled)
		}
	}
	const added = "    hook_dba:\n      webhook: {url: 'http://127.0.0.1:1/'}\n"
	if with := edit("add", "hook_dba", "webhook", "url=http://127.0.0.1:1/"); !strings.Contains(with, added) || strings.Replace(with, added, "", 1) != string(shipped) {
		t.Errorf("with one more:\n%s", with)
	}
}
