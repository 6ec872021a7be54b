// SPDX-License-Identifier: Apache-2.0

//go:build unix

package app_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/app"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestServerLogs counts what real servers write to their error and slow query
// logs.
func TestServerLogs(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...testenv.Option) *testenv.Server{
		"MariaDB": testenv.MariaDB, "MySQL": testenv.MySQL,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			check(t, os.Chmod(dir, 0o777)) // the server may run as another account
			check(t, os.Chmod(filepath.Dir(dir), 0o777))
			errors, slow := filepath.Join(dir, "error.log"), filepath.Join(dir, "slow.log")
			server := start(t, testenv.WithFlags("--log-error="+errors, "--slow-query-log-file="+slow, "--slow-query-log=ON"))
			server.Exec(t, "CREATE DATABASE erp")
			s := scraper(t, app.Options{Logs: []app.Log{
				{Name: "error", Path: errors, Format: "mysql"},
				{Name: "slow", Path: slow, Format: "slow"},
			}})
			scrape(t, s)
			before, err := os.ReadFile(errors)
			check(t, err)

			const queries = 3
			runSlow(t, server, queries)
			check(t, server.Restart(t.Context()))
			testenv.Eventually(t, 10*time.Second, "the lines are counted", func() error {
				all, err := os.ReadFile(errors)
				check(t, err)
				got, news := scrape(t, s), string(all[len(before):])
				for level, pattern := range map[string]string{"info": `\[(Note|System)\]`, "warning": `\[Warning\]`, "error": `\[ERROR\]`} {
					want := len(regexp.MustCompile(`(?m)^20\d\d.*`+pattern).FindAllString(news, -1))
					if n := got.value("dbsync_log_lines_total{" + level + ",error}"); n != float64(want) {
						return fmt.Errorf("%v of level %s counted, %d logged", n, level, want)
					}
					if level == "info" && want == 0 {
						return fmt.Errorf("the restart was not logged")
					}
				}
				if n := got.value("dbsync_slow_log_queries_total{slow,erp}"); n != queries {
					return fmt.Errorf("%v slow queries counted", n)
				}
				if seconds := got.value("dbsync_slow_log_query_seconds_total{slow,erp}"); seconds < queries*.01 {
					return fmt.Errorf("%v seconds counted", seconds)
				}
				return nil
			})
		})
	}
}

// runSlow runs statements that are logged as slow.
func runSlow(t *testing.T, server *testenv.Server, queries int) {
	t.Helper()
	session, err := server.Open().Conn(t.Context())
	check(t, err)
	for _, statement := range []string{"USE erp", "SET SESSION long_query_time = 0.005"} {
		_, err := session.ExecContext(t.Context(), statement)
		check(t, err)
	}
	for range queries {
		var ignored int
		check(t, session.QueryRowContext(t.Context(), "SELECT SLEEP(0.01)").Scan(&ignored))
	}
	check(t, session.Close())
}

func TestHostileLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	garbage := make([]byte, 1<<20)
	_, _ = rand.Read(garbage)
	lines := []string{
		strings.Repeat("x", 1<<20), string(garbage), "\xff\xfe[ERROR]", "", "\x00", "{\"status\":200}" + strings.Repeat("}", 1<<17),
		`{"status":200,"request_method":"` + strings.Repeat("é", 40000) + `"}`, "[Warning] right", `{"status":200,"request_time":-1}`,
	}
	check(t, os.WriteFile(path, nil, 0o600))
	opts := app.Options{
		APIs: []app.API{{Name: "api", AccessLog: path, Format: app.Format{Name: "json"}}},
		Logs: []app.Log{{Name: "log", Path: path, Format: "mysql"}},
	}
	s := scraper(t, opts)
	scrape(t, s)
	text := strings.Join(lines, "\n") + "\n"
	check(t, os.WriteFile(path, []byte(text), 0o600))
	got := scrape(t, s)
	want := float64(strings.Count(text, "\n"))
	if n := got.value("dbsync_api_log_lines_total{api}"); n != want {
		t.Errorf("%v lines of the access log, want %v", n, want)
	}
	// One line is a request; the long one is cut and so no JSON any more.
	if n := got.value("dbsync_api_log_unparsed_lines_total{api}"); n != want-1 {
		t.Errorf("%v lines are not understood, want all of %v but one", n, want)
	}
	total := 0.
	for _, level := range []string{"fatal", "error", "warning", "info", "debug", "other"} {
		total += got.value("dbsync_log_lines_total{" + level + ",log}")
	}
	if total != want {
		t.Errorf("%v lines of the log, want %v", total, want)
	}
	if got.value("dbsync_log_lines_total{warning,log}") < 1 || got.value("dbsync_log_lines_total{error,log}") < 1 {
		t.Error("the lines after the hostile ones were not understood")
	}
}

func TestStateThatCannotBeKept(t *testing.T) {
	dir := t.TempDir()
	path, state := filepath.Join(dir, "log"), filepath.Join(dir, "state")
	check(t, os.WriteFile(path, nil, 0o600))
	check(t, os.WriteFile(state, nil, 0o600)) // a file where the folder should be
	s := scraper(t, app.Options{StateDir: state, Logs: []app.Log{{Name: "log", Path: path, Format: "plain"}}})
	got := scrape(t, s)
	if got.value("dbsync_source_success{app.log,log state}") != 0 && got.value("dbsync_source_success{app.log,log}") != 0 {
		t.Error("nobody is told that a restart will begin anew")
	}
}

func TestBrokenStateIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	path, state := filepath.Join(dir, "log"), filepath.Join(dir, "log-log.json")
	check(t, os.WriteFile(path, nil, 0o600))
	check(t, os.WriteFile(state, []byte("{"), 0o600))
	s := scraper(t, app.Options{StateDir: dir, Logs: []app.Log{{Name: "log", Path: path, Format: "plain"}}})
	if scrape(t, s).value("dbsync_source_success{app.log,log}") != 0 {
		t.Error("a broken state was passed over")
	}
	if text, err := os.ReadFile(state); err != nil || string(text) != "{" {
		t.Errorf("the broken state is now %q, %v", text, err)
	}
	check(t, os.Remove(state))
	if scrape(t, s).value("dbsync_source_success{app.log,log}") != 1 {
		t.Error("it does not begin anew after the broken state was removed")
	}
}

func TestMissingLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	s := scraper(t, app.Options{Logs: []app.Log{{Name: "log", Path: path, Format: "plain"}}})
	if scrape(t, s).value("dbsync_source_success{app.log,log}") != 0 {
		t.Error("a log that was never there is no rotation")
	}
	check(t, os.WriteFile(path, []byte("an error\n"), 0o600))
	got := scrape(t, s)
	if got.value("dbsync_source_success{app.log,log}") != 1 || got.value("dbsync_log_lines_total{error,log}") != 1 {
		t.Error("a log that appears is read from its beginning")
	}
	check(t, os.Remove(path))
	if scrape(t, s).value("dbsync_source_success{app.log,log}") != 1 {
		t.Error("a rotation was taken for a failure")
	}
}
