// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/alertlab"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
	"github.com/easy-erp/dbsync/rules"
)

// watching is a Prometheus with the shipped rules, and a way to run commands at it.
type watching struct {
	*sandbox.Service
	t     *testing.T
	dir   string // of the rules
	flags []string
}

// watch starts one; it has rules/*.rules.yml of a folder of its own, the Alertmanager if any, and not the flags that it shall do without.
func watch(t *testing.T, edition sandbox.Edition, lab *alertlab.Lab, without ...string) *watching {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "rules")
	if err := os.CopyFS(dir, rules.Files); err != nil {
		t.Fatal(err)
	}
	config := "global: {evaluation_interval: 200ms}\nrule_files: [rules/*.rules.yml]\n"
	flags := []string{}
	if lab != nil {
		config += fmt.Sprintf("alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}\n", lab.Alertmanager.Addr())
		flags = append(flags, "--alertmanager.url="+lab.Alertmanager.URL())
	}
	file := filepath.Join(root, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	program, err := sandbox.FindPrometheus(edition)
	// A reload forgets the Alertmanagers for five seconds; what begins to fire then is sent with the next repetition.
	options := sandbox.ServePrometheus(sandbox.ServiceOptions{Program: testenv.Require(t, program, err), Flags: []string{"--rules.alert.resend-delay=1s"}}, file)
	arguments := options.Arguments
	options.Arguments = func(address, dir string) []string {
		return slices.DeleteFunc(arguments(address, dir), func(argument string) bool { return slices.Contains(without, argument) })
	}
	server := testenv.Service(t, options)
	return &watching{server, t, dir, append(flags, "--prometheus.url="+server.URL())}
}

// do runs a command of `rule` and returns what it said.
func (w *watching) do(want int, args ...string) string {
	w.t.Helper()
	args = append([]string{"rule"}, args...)
	if args[1] != "add" && args[1] != "update" {
		args = append(args, w.flags[len(w.flags)-1])
	} else {
		args = append(args, w.flags...)
	}
	code, stdout, stderr := call(args...)
	if code != want {
		w.t.Fatalf("%q: exit code %d, want %d: %s%s", args, code, want, stdout, stderr)
	}
	return stdout + stderr
}

// rule returns the one rule of a name.
func (w *watching) rule(name string) listedRule {
	w.t.Helper()
	code, stdout, stderr := call("rule", "show", "--json", name, w.flags[len(w.flags)-1])
	var rows []listedRule
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || code != exitOK || len(rows) != 1 {
		w.t.Fatalf("exit code %d, %v: %s%s", code, err, stdout, stderr)
	}
	return rows[0]
}

func eachEdition(t *testing.T, test func(*testing.T, sandbox.Edition)) {
	t.Parallel()
	for _, edition := range []sandbox.Edition{testenv.Old, testenv.New} {
		t.Run(string(edition), func(t *testing.T) {
			t.Parallel()
			test(t, edition)
		})
	}
}

// A rule of one's own from its first day to its last, told to whom it names.
func TestRuleCommands(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		lab := alertlab.Start(t, edition, nil)
		w := watch(t, edition, lab)
		w.do(exitOK, "add", "OrderBacklogHigh", "--expr", "vector(501) > 500", "--severity", "warning", "--summary", "Orders pile up.",
			"--notify", "slack_ops", "--notify", "email_admin", "--label", "instance=shop")
		if said := w.do(exitFailure, "add", "OrderBacklogHigh", "--expr", "vector(1)", "--severity", "warning", "--summary", "x"); !strings.Contains(said, "rule update") {
			t.Errorf("a second one of the name: %s", said)
		}
		for _, receiver := range []string{"slack_ops", "email_admin"} {
			lab.WaitTold(t, receiver, "firing", alertlab.Labels("alertname", "OrderBacklogHigh", "rule_id", "order_backlog_high"), 1)
		}
		if got := w.rule("order_backlog_high"); got.State != "firing" || got.Firing != 1 || got.Source != ownSource || got.LastEvaluation == nil {
			t.Errorf("it is listed as %+v", got)
		}
		w.do(exitOK, "update", "OrderBacklogHigh", "--for", "1h", "--notify", "")
		if got := w.rule("OrderBacklogHigh"); time.Duration(got.For) != time.Hour || got.Notify != "" || got.Severity != "warning" {
			t.Errorf("after the update: %+v", got)
		}
		w.do(exitOK, "disable", "OrderBacklogHigh")
		if got := w.rule("OrderBacklogHigh"); got.State != stateDisabled {
			t.Errorf("disabled: %+v", got)
		}
		w.do(exitOK, "enable", "order_backlog_high")
		testenv.Eventually(t, 10*time.Second, "it is evaluated again", func() error {
			if got := w.rule("OrderBacklogHigh"); got.State != "pending" {
				return fmt.Errorf("%+v", got)
			}
			return nil
		})
		w.do(exitOK, "update", "OrderBacklogHigh", "--severity", "critical")
		text, err := os.ReadFile(filepath.Join(w.dir, ownName))
		if err != nil || !strings.Contains(string(text), "interval: 10s") {
			t.Errorf("a page is evaluated every ten seconds: %v\n%s", err, text)
		}
		if code, stdout, stderr := call("check", "rules", filepath.Join(w.dir, ownName)); code != exitOK {
			t.Errorf("what was written is refused: %s%s", stdout, stderr)
		}
		w.do(exitOK, "delete", "OrderBacklogHigh")
		w.do(exitFailure, "show", "OrderBacklogHigh")
		if said := w.do(exitOK, "list", "--severity", "critical"); !strings.Contains(said, "MySQLDown") || strings.Contains(said, stateNotLoaded) {
			t.Errorf("list says %s", said)
		}
	})
}

// What is refused leaves the file and Prometheus as they were.
func TestRefusedRulesChangeNothing(t *testing.T) {
	t.Parallel()
	lab := alertlab.Start(t, testenv.Old, nil)
	w := watch(t, testenv.Old, lab)
	add := func(args ...string) []string {
		return append([]string{"add", "Mine", "--severity", "warning", "--summary", "Mine.", "--expr", "vector(1)"}, args...)
	}
	for want, args := range map[string][]string{
		"slack_nobody":                      add("--notify", "slack_nobody"),
		`none of critical, warning, info`:   {"add", "Mine", "--severity", "fatal", "--summary", "Mine.", "--expr", "vector(1)"},
		"parse error":                       {"add", "Mine", "--severity", "warning", "--summary", "Mine.", "--expr", "sum("},
		"not CamelCase":                     {"add", "mine", "--severity", "warning", "--summary", "Mine.", "--expr", "vector(1)"},
		"is a shipped rule":                 {"add", "MySQLDown", "--severity", "warning", "--summary", "Mine.", "--expr", "vector(1)"},
		"mysql_down: {disabled: true}":      {"disable", "mysql_down"},
		"rule list --own":                   {"delete", "Nothing"},
		"is a template":                     add("--label", "since={{ $value }}"),
		"function \"nonsense\" not defined": add("--description", "{{ nonsense }}"),
	} {
		if said := w.do(exitFailure, args...); !strings.Contains(said, want) {
			t.Errorf("%q: said %q, want %q", args, said, want)
		}
	}
	for want, args := range map[string][]string{
		"the routes know 5m": add("--notify", "slack_ops", "--after", "7m"),
		"--notify names":     add("--after", "5m"),
		"want a duration":    add("--for", "soon"),
		"want name=value":    add("--label", "x"),
	} {
		if said := w.do(exitUsage, args...); !strings.Contains(said, want) {
			t.Errorf("%q: said %q, want %q", args, said, want)
		}
	}
	if _, err := os.Stat(filepath.Join(w.dir, ownName)); !os.IsNotExist(err) {
		t.Errorf("a refused rule left a file: %v", err)
	}
}

// A rule that Prometheus does not load, because it reads other files or refuses the reload, is taken back.
func TestARuleThatIsNotLoadedIsTakenBack(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		w := watch(t, edition, nil)
		elsewhere := filepath.Join(t.TempDir(), ownName)
		add := []string{"add", "Mine", "--severity", "warning", "--summary", "Mine.", "--expr", "vector(1)", "--rules.file"}
		if said := w.do(exitFailure, append(add, elsewhere)...); !strings.Contains(said, "rule_files") || !strings.Contains(said, "as it was") {
			t.Errorf("said %q", said)
		}
		if _, err := os.Stat(elsewhere); !os.IsNotExist(err) {
			t.Errorf("the file stayed: %v", err)
		}
		const before = "# mine\ngroups: []\n"
		own := filepath.Join(w.dir, ownName)
		if err := os.WriteFile(own, []byte(before), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, "broken.rules.yml"), []byte("groups: [{}]"), 0o644); err != nil {
			t.Fatal(err)
		}
		if said := w.do(exitFailure, append(add, own)...); !strings.Contains(said, "refused to reload") {
			t.Errorf("said %q", said)
		}
		if text, _ := os.ReadFile(own); string(text) != before {
			t.Errorf("the file is now\n%s", text)
		}
	})
}

func TestWithoutLifecycleARuleIsWrittenAndSaid(t *testing.T) {
	t.Parallel()
	w := watch(t, testenv.New, nil, "--web.enable-lifecycle")
	said := w.do(exitByHand, "add", "Mine", "--severity", "warning", "--summary", "Mine.", "--expr", "vector(1)")
	if !strings.Contains(said, "SIGHUP") {
		t.Errorf("said %q", said)
	}
	if got := w.rule("Mine"); got.State != stateNotLoaded {
		t.Errorf("it is listed as %+v", got)
	}
}

// What people wrote between the rules stays, and two programs at once lose nothing.
func TestCommentsAndConcurrentWriters(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ownName)
	const text = `# What we watch beside the shipped rules.
groups:
  - name: ours
    rules:
      # Asked for by sales.
      - alert: OrdersMissing
        expr: |
          absent(shop_orders)   # all of them
            or shop_orders == 0
        labels: {severity: warning, component: app, rule_id: orders_missing} # sales
        annotations:
          summary: "No orders." # to be translated
`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	const writers = 5
	done := make(chan string)
	for i := range writers {
		go func() {
			code, stdout, stderr := call("rule", "add", fmt.Sprintf("Mine%c", 'A'+i), "--severity", "info", "--summary", "Mine.",
				"--expr", "vector(1)", "--rules.file", file, "--no-reload")
			done <- fmt.Sprint(code, stdout, stderr)
		}()
	}
	for range writers {
		if said := <-done; !strings.HasPrefix(said, "0") {
			t.Error(said)
		}
	}
	run := func(args ...string) {
		t.Helper()
		if code, stdout, stderr := call(append([]string{"rule"}, append(args, "--rules.file", file, "--no-reload")...)...); code != exitOK {
			t.Fatalf("%q: exit code %d: %s%s", args, code, stdout, stderr)
		}
	}
	run("update", "OrdersMissing", "--for", "5m")
	run("disable", "OrdersMissing")
	run("enable", "OrdersMissing")
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{"# What we watch beside", "# Asked for by sales.", "# all of them", "# sales\n", "# to be translated", "for: 5m", "MineA", "MineE"} {
		if !strings.Contains(string(got), kept) {
			t.Errorf("%q is gone from\n%s", kept, got)
		}
	}
	code, stdout, stderr := call("rule", "delete", "MineA", "--rules.file", file, "--operator")
	if code != exitOK || !strings.Contains(stdout, "kind: PrometheusRule") || !strings.Contains(stdout, "alert: MineB") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// What was rendered is right for promtool and loaded by Prometheus, old and new, and as an object of Kubernetes.
func TestRuleRender(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		values := write(t, "thresholds.yml", "database_connections_high: {warning: 70, critical: 90%, for: 10m}\nmysql_long_transaction: {disabled: true}\n"+
			"api_certificate_expiring: {warning: 30d}\n")
		w := watch(t, edition, nil)
		if code, stdout, stderr := call("rule", "render", "--values", values, "--out", w.dir); code != exitOK {
			t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
		}
		files, err := filepath.Glob(filepath.Join(w.dir, "*.rules.yml"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := testenv.Tool(t, edition, "promtool").Output(t.Context(), append([]string{"check", "rules"}, files...)...); err != nil {
			t.Errorf("promtool: %v", err)
		}
		if err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		said := w.do(exitOK, "list", "connections_high", "--json")
		var rows []listedRule
		if err := json.Unmarshal([]byte(said), &rows); err != nil || len(rows) != 2 || !strings.Contains(rows[0].Expr, "> 0.9") || rows[0].Severity != "critical" || rows[1].For.String() != "10m" {
			t.Errorf("%v: %s", err, said)
		}
		if got := w.rule("mysql_long_transaction"); got.State != stateNotLoaded {
			t.Errorf("a rule that was left out is %s", got.State)
		}
		if code, stdout, stderr := call("rule", "render", "--values", values, "--operator"); code != exitOK || strings.Count(stdout, "kind: PrometheusRule") != len(files) {
			t.Errorf("exit code %d: %s%s", code, stdout, stderr)
		}
	})
}

func TestRuleRenderTeaches(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := call("rule", "render", "--print-values")
	if code != exitOK || !strings.Contains(stdout, "# database_connections_high:") || !strings.Contains(stdout, "#   warning: 80%\n#   for: 3m\n") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	bad := write(t, "thresholds.yml", "\ndatabase_connection_high: {warning: 80}\n")
	if code, _, stderr := call("rule", "render", "--values", bad, "--out", t.TempDir()); code != exitFailure ||
		!strings.Contains(stderr, `thresholds.yml: line 2: database_connection_high: no shipped rule has this rule_id: did you mean "database_connections_high"?`) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if code, _, _ := call("rule", "render"); code != exitUsage {
		t.Errorf("without anything: exit code %d", code)
	}
	main := write(t, "values.yml", "alertmanager: {receivers: {email_admin: {webhook: {url: 'http://127.0.0.1:1/'}}}}\nrules: {thresholds: {disk_space_low: {critical: 75}}}\n")
	dir := t.TempDir()
	if code, _, stderr := call("render", "--values", main, dir); code != exitOK {
		t.Fatal(stderr)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "prometheus/rules/host.rules.yml")); err != nil || !strings.Contains(string(text), "ratio > 0.75") {
		t.Errorf("`render` with rules.thresholds: %v\n%s", err, text)
	}
}
