// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// secret has what has ever broken a DSN or a quoting.
const secret = `hunter2?&#;%@:/'"\ tail`

// Whatever way the password comes in, and whatever goes wrong with it, nobody sees
// it: no page, no log line at debug level, no process list.
func TestPasswordIsNeverPrinted(t *testing.T) {
	server := testenv.SharedMariaDB(t)
	config := func(password string) string {
		return fmt.Sprintf("mysql:\n  modules: {default: {user: nobody, %s}}\n  targets: [{name: erp, address: %q}]\n", password, server.Addr())
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret)
	withFile := config(fmt.Sprintf("password_file: %q", file(t, "password", secret+"\n")))
	for name, c := range map[string]struct {
		env   []string
		flags []string
	}{
		"environment": {[]string{"DBSYNC_MYSQL_PASSWORD=" + secret}, []string{"--mysql.address=" + server.Addr(), "--mysql.user=nobody"}},
		"variable":    {[]string{"SECRET=" + secret}, []string{"--config.file=" + file(t, "dbsync.yml", config(`password: "${SECRET}"`))}},
		"file":        {nil, []string{"--config.file=" + file(t, "dbsync.yml", withFile)}},
		"written":     {nil, []string{"--config.file=" + file(t, "dbsync.yml", config(fmt.Sprintf(`password: "%s"`, strings.ReplaceAll(quoted, "$", "$$"))))}},
		"my.cnf":      {nil, []string{"--mysql.address=" + server.Addr(), "--config.my-cnf=" + file(t, "my.cnf", "[client]\nuser=nobody\npassword=\""+quoted+"\"\n")}},
	} {
		t.Run(name, func(t *testing.T) {
			d := startDaemon(t, c.env, append(c.flags, "--log.level=debug", "--web.enable-lifecycle", "--web.enable-pprof")...)
			d.shows(t, "mysql_up 0") // there is no such account
			var seen strings.Builder
			for _, path := range []string{"/", "/metrics", "/probe?target=erp", "/config", "/api/v1/runs", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=2"} {
				_, body := d.do(t, http.MethodGet, path)
				seen.WriteString(body)
			}
			if len(c.env) == 0 { // a mistake beside the password
				path := strings.TrimPrefix(c.flags[len(c.flags)-1], "--config.file=")
				if !strings.HasPrefix(path, "--") {
					text, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					write(t, path, strings.Replace(string(text), "password", "pasword", 1))
					code, body := d.do(t, http.MethodPost, "/-/reload")
					if code != 500 {
						t.Errorf("status %d", code)
					}
					seen.WriteString(body)
				}
			}
			if arguments, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(d.PID()), "cmdline")); err == nil {
				seen.Write(arguments)
			}
			if err := d.Stop(); err != nil {
				t.Fatal(err)
			}
			seen.WriteString(d.Output())
			if at := strings.Index(seen.String(), "hunter2"); at >= 0 {
				t.Errorf("...%s...", seen.String()[max(0, at-200):at+20])
			}
			if !strings.Contains(d.Output(), "level=DEBUG") && !strings.Contains(d.Output(), "level=WARN") {
				t.Error("nothing was logged, so nothing was tested")
			}
		})
	}
}
