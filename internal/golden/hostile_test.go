// SPDX-License-Identifier: Apache-2.0

//go:build unix

package golden_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// hostileNames are names that both servers take for schemas and tables: whatever may
// end a label or a line, what terminals obey, the longest ones
// that the file system takes, too (five bytes for a Chinese character).
func hostileNames() []string {
	return []string{
		`a"} 1` + "\nmysql_up 0\n#", `back\slash\n\"`, "tab\tcr\rbell\a\x1b[2J\x7f", "'; DROP DATABASE erp; --", "<script>alert(1)</script>",
		"${HOME}{{.}}%s%n", strings.Repeat("x", 64), strings.Repeat("\u6570", 40), "\u202eevil\u200b", "`tick`", "#sql-1", " leading",
	}
}

// TestHostileNames: what whoever may create a schema, a table, an account or a
// statement chooses is shown as it is, and breaks no answer in any format.
func TestHostileNames(t *testing.T) {
	eachServer(t, func(t *testing.T, server *testenv.Server) {
		company(t, server)
		for i, name := range hostileNames() {
			quoted := "`" + strings.ReplaceAll(name, "`", "``") + "`"
			server.Exec(t, "CREATE DATABASE "+quoted)
			t.Cleanup(func() { server.Exec(t, "DROP DATABASE "+quoted) })
			server.Exec(t, "CREATE TABLE "+quoted+"."+quoted+" (id TINYINT AUTO_INCREMENT PRIMARY KEY, b TEXT)",
				"INSERT INTO "+quoted+"."+quoted+" VALUES (126, 'x')",
				fmt.Sprintf("CREATE USER `%s`@localhost", strings.ReplaceAll(string([]rune(name)[:min(16, len([]rune(name)))]), "`", "``")+fmt.Sprint(i)))
			t.Cleanup(func() {
				server.Exec(t, fmt.Sprintf("DROP USER `%s`@localhost", strings.ReplaceAll(string([]rune(name)[:min(16, len([]rune(name)))]), "`", "``")+fmt.Sprint(i)))
			})
		}
		// Statements: ten megabytes, bytes that are no text, and a list without an end.
		for _, statement := range []string{
			"SELECT /* " + strings.Repeat("\xff\x00\x1b", 1000) + " */ LENGTH(_binary'\xff\xfe" + strings.Repeat("x", 10<<20) + "')",
			"SELECT 1 AS `" + strings.Repeat("\u6570", 64) + "`, 'a\n\"}'",
			"SELECT 1 IN (" + strings.Repeat("1 + 1, ", 10000) + "1)",
		} {
			_, _ = server.Open().ExecContext(t.Context(), statement) // max_allowed_packet may refuse it
		}
		r := start(t, server, documented(t, server), "collectors: {host: false, mysql.connection: true}\n")
		f, text, err := r.scrape("/metrics", 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if up, _ := f.value("mysql_up"); up != 1 || strings.Count(text, "\nmysql_up") != 1 {
			t.Errorf("mysql_up %v", up)
		}
		shown := values(f)
		for _, name := range hostileNames() {
			if !slices.Contains(shown, name) {
				t.Errorf("%q is not shown", name)
			}
		}
		for _, v := range shown {
			if !utf8.ValidString(v) || len(v) > 4096 {
				t.Errorf("%d bytes: %.100q", len(v), v)
			}
		}
		r.scrapedByPrometheus()
		page, err := r.page()
		if err != nil || strings.Contains(page, "<script>alert") {
			t.Errorf("the page runs what a server says: %v", err)
		}
	})
}

// values are those of all labels, each once.
func values(f families) []string {
	seen := map[string]bool{}
	for _, family := range f {
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				seen[l.GetValue()] = true
			}
		}
	}
	all := make([]string, 0, len(seen))
	for v := range seen {
		all = append(all, v)
	}
	return all
}

// scrapedByPrometheus waits until a real Prometheus has taken the answer in each of
// its formats.
func (r *running) scrapedByPrometheus() {
	r.t.Helper()
	var jobs strings.Builder
	for _, protocol := range []string{"PrometheusText0.0.4", "OpenMetricsText1.0.0", "PrometheusProto"} {
		fmt.Fprintf(&jobs, "- {job_name: %s, scrape_interval: 1s, scrape_protocols: [%s], static_configs: [{targets: [%q]}]}\n",
			protocol, protocol, strings.TrimPrefix(r.url, "http://"))
	}
	file := filepath.Join(r.t.TempDir(), "prometheus.yml")
	writeFile(r.t, file, "scrape_configs:\n"+jobs.String())
	prometheus := testenv.Prometheus(r.t, testenv.New, file)
	testenv.Eventually(r.t, time.Minute, "every format is scraped", func() error {
		request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, prometheus.URL()+"/api/v1/query?query="+
			url.QueryEscape("up == 1 and on (job) mysql_up == 1"), nil)
		if err != nil {
			return err
		}
		response, err := r.client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err == nil && strings.Count(string(body), `"__name__":"up"`) != 3 {
			err = fmt.Errorf("%s", body)
		}
		return err
	})
}

// page is the landing page.
func (r *running) page() (string, error) {
	response, err := r.client.Get(r.url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
