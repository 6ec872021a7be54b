// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// The rules mean the same on the oldest Prometheus that is supported and on
// the newest at hand.
func TestPromtool(t *testing.T) {
	tests, err := filepath.Glob("tests/*.test.yml")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	for _, edition := range []sandbox.Edition{sandbox.Old, sandbox.New} {
		t.Run(string(edition), func(t *testing.T) {
			promtool := testenv.Tool(t, edition, "promtool")
			for _, test := range tests {
				if strings.HasSuffix(test, "_15s.test.yml") && edition == sandbox.Old {
					continue // weeks, of which the oldest reads those that are scraped each minute
				}
				t.Run(filepath.Base(test), func(t *testing.T) {
					t.Parallel()
					path, args := promtool.Command("test", "rules", reduced(t, test))
					if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
						t.Errorf("%v\n%s", err, out)
					}
				})
			}
		})
	}
}

// ruleFile is a rule file as far as promtool's tests read it.
type ruleFile struct {
	Groups []rulefmt.RuleGroup `yaml:"groups"`
}

// reduced copies a test and its rule files, without the rules that the test does
// not ask for: promtool evaluates them all at each step, which takes ten times as
// long.
func reduced(t *testing.T, path string) string {
	t.Helper()
	var test struct {
		RuleFiles []string `yaml:"rule_files"`
		Tests     []struct {
			Alerts []struct {
				Name string `yaml:"alertname"`
			} `yaml:"alert_rule_test"`
			Queries []struct {
				Expr string `yaml:"expr"`
			} `yaml:"promql_expr_test"`
		} `yaml:"tests"`
	}
	text := readYAML(t, path, &test)
	files := map[string]*ruleFile{}
	wanted := wanted{alerts: map[string]bool{}, series: map[string]bool{}}
	for _, name := range test.RuleFiles {
		files[name] = &ruleFile{}
		readYAML(t, filepath.Join(filepath.Dir(path), name), files[name])
	}
	for _, one := range test.Tests {
		for _, a := range one.Alerts {
			wanted.alerts[a.Name] = true
		}
		for _, q := range one.Queries {
			wanted.read(t, q.Expr)
		}
	}
	for wanted.grow(t, files) {
	}
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		full := filepath.Join(dir, "tests", name)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return full
	}
	for name, file := range files {
		for i := range file.Groups {
			file.Groups[i].Rules = slices.DeleteFunc(file.Groups[i].Rules, func(r rulefmt.Rule) bool { return !wanted.has(r) })
		}
		file.Groups = slices.DeleteFunc(file.Groups, func(g rulefmt.RuleGroup) bool { return len(g.Rules) == 0 })
		text, err := yaml.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		write(name, text)
	}
	return write(filepath.Base(path), text)
}

func readYAML(t *testing.T, path string, into any) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return text
}

// wanted are alerts and recorded series that something asks for.
type wanted struct {
	alerts, series map[string]bool
	every          bool // all alerts: ALERTS is read without a name
	everything     bool
}

func (w *wanted) has(r rulefmt.Rule) bool {
	if w.everything {
		return true
	}
	if r.Alert != "" {
		return w.every || w.alerts[r.Alert]
	}
	return w.series[r.Record]
}

// grow adds what the wanted rules read themselves, and says whether that was
// anything new.
func (w *wanted) grow(t *testing.T, files map[string]*ruleFile) bool {
	before := len(w.alerts) + len(w.series)
	every := w.every
	for _, file := range files {
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				if w.has(rule) {
					w.read(t, rule.Expr)
				}
			}
		}
	}
	return len(w.alerts)+len(w.series) > before || w.every != every
}

// read adds what an expression reads.
func (w *wanted) read(t *testing.T, text string) {
	t.Helper()
	expr, err := rulefile.Parser().ParseExpr(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		switch selector.Name {
		case "ALERTS", "ALERTS_FOR_STATE":
			named := false
			for _, m := range selector.LabelMatchers {
				if m.Name == "alertname" && m.Type.String() == "=" {
					w.alerts[m.Value], named = true, true
				}
			}
			w.every = w.every || !named
		case "": // by a pattern
			w.everything = true
		default:
			w.series[selector.Name] = true
		}
		return nil
	})
}
