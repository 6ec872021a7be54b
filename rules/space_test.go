// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rules

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// What takes weeks to see is evaluated apart from the rules that run every ten
// seconds: the forecast alone, on the lowest points of days.
func TestForecastOfSpace(t *testing.T) {
	const week = "60x23 54x23 48x23 42x23 36x23 33x23 30x23 "
	for name, c := range map[string]struct {
		days    string // gigabytes, one value an hour
		full    []int  // days on which it is said to be full within a week
		notFull []int
	}{
		"each week falls and rises":     {strings.Repeat(week, 3), nil, []int{8, 15, 16, 18, 20}},
		"each week's fall goes further": {week + "54x23 48x23 42x23 36x23 30x23 24x23 20x47", []int{14}, []int{8}},
		"nothing is lost":               {"60x240", nil, []int{3, 9}},
		"it is lost slowly":             {"600-0.5x240", nil, []int{3, 9}},
		"two days stand behind it":      {"60-0.5x119", []int{3, 4}, []int{1}},
		"somebody made room":            {"60-0.5x95 500x71", []int{3}, []int{5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := &strings.Builder{}
			fmt.Fprintf(text, "tests:\n- interval: 1h\n  input_series:\n  - series: %s\n    values: %q\n  promql_expr_test:\n",
				"instance_backup:dbsync_backup_repository_avail_bytes:min1d", c.days)
			check := func(days []int, samples string) {
				for _, day := range days {
					fmt.Fprintf(text, "  - eval_time: %dd\n    expr: 'count((%s) < 7 * 86400)'\n    exp_samples: [%s]\n",
						day, strings.ReplaceAll(forecastOfSpace(t), "\n", " "), samples)
				}
			}
			check(c.full, "{labels: '{}', value: 1}")
			check(c.notFull, "")
			promtoolSays(t, text.String())
		})
	}
}

func forecastOfSpace(t *testing.T) string {
	t.Helper()
	all := read(t)
	i := slices.IndexFunc(all, func(r rulefile.Rule) bool {
		return r.Record == "instance_backup:dbsync_backup_repository_full_seconds:forecast"
	})
	if i < 0 {
		t.Fatal("nothing forecasts when a repository is full")
	}
	return all[i].Expr
}

// promtoolSays runs a test that is not kept as a file.
func promtoolSays(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "test.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	path, args := testenv.Tool(t, sandbox.Old, "promtool").Command("test", "rules", file)
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
