// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// realTool is a migration tool that runs here: its files are two that are good, in the folder of its name, and one that
// fails, in the folder "broken" below that.
type realTool struct {
	name   string
	first  string   // version of the first migration, as the tool shows it
	second string   // and of the second
	timed  bool     // the table knows when
	more   []string // further series of a history at rest
	less   []string // series that it does not have
	noDown bool
}

// command runs a tool in a folder.
type command func(t *testing.T, tool realTool, config *driver.Config, action, folder string) error

// lifecycle takes a tool through applying, failing and taking back, and reads its history at each step.
func (r realTool) lifecycle(t *testing.T, server *testenv.Server, source, workspace string, run command) {
	folder, err := os.MkdirTemp(workspace, r.name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	copyFolder(t, filepath.Join(source, r.name), folder)

	config := server.AdminConfig()
	config.Net, config.Addr, config.DBName = "tcp", server.Addr(), server.Schema(t)
	m := watch(t, server, migration.Options{Discover: true, Histories: []migration.History{
		{Schema: config.DBName, Tool: r.name, Directory: folder},
	}}, documented(server, config.DBName)...)
	expect := func(step, version string, applied, pending int) {
		t.Helper()
		want := append([]string{
			"history_visible 1", fmt.Sprintf("info %s 1", version), fmt.Sprintf("revisions applied %d", applied),
			fmt.Sprintf("revisions pending %d", pending), "revisions missing 0", "pending_out_of_order 0",
			fmt.Sprintf("files %d", applied+pending),
		}, r.more...)
		if pending > 0 {
			want = append(want, "oldest_pending_timestamp_seconds")
		}
		if r.timed {
			want = append(want, "last_applied_timestamp_seconds",
				fmt.Sprintf("recent_runs success 24h %d", applied), fmt.Sprintf("recent_runs success 7d %d", applied))
		}
		want = slices.DeleteFunc(want, func(line string) bool {
			return slices.ContainsFunc(r.less, func(name string) bool { return strings.HasPrefix(line, name) })
		})
		t.Log(step)
		s := m.scrape()
		m.expect(s, config.DBName, want...)
		m.healthy(s)
		if r.timed {
			ago := time.Since(time.UnixMilli(int64(s.of(config.DBName)["last_applied_timestamp_seconds"] * 1000)))
			if ago < -2*time.Second || ago > time.Minute {
				t.Errorf("applied %v ago", ago)
			}
		}
	}

	if err := run(t, r, config, "up", folder); err != nil {
		t.Fatal(err)
	}
	expect("applied", r.second, 2, 0)
	copyFolder(t, filepath.Join(source, r.name, "broken"), folder)
	expect("a migration is new", r.second, 2, 1)
	if err := run(t, r, config, "up", folder); err == nil {
		t.Fatal("the broken migration succeeded")
	}
	expect("it has failed", r.second, 2, 1)
	if r.noDown {
		return
	}
	if err := run(t, r, config, "down", folder); err != nil {
		t.Fatal(err)
	}
	expect("the second is taken back", r.first, 1, 2)
}

// copyFolder copies the files of a folder, and folders below but those that are called broken.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == "broken" && path != from {
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, name), 0o750)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func output(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%.4000s", cmd, err, out)
	}
	return nil
}

func TestRealGoTools(t *testing.T) {
	t.Parallel()
	source := filepath.Join("testdata", "go")
	program := filepath.Join(t.TempDir(), "tools")
	build := exec.CommandContext(t.Context(), testenv.Installed(t, "go"), "build", "-o", program, ".")
	build.Dir, build.Env = source, append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	if err := output(build); err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, tool realTool, config *driver.Config, action, folder string) error {
		config = config.Clone()
		config.ParseTime = true
		cmd := exec.CommandContext(t.Context(), program, tool.name, action, folder)
		cmd.Env = append(os.Environ(), "DSN="+config.FormatDSN())
		return output(cmd)
	}
	for _, tool := range []realTool{
		{name: "goose", first: "20240101000000", second: "20240102000000", timed: true},
		{name: "sql-migrate", first: "20240101000000_orders.sql", second: "20240102000000_lines.sql", timed: true},
	} {
		t.Run(tool.name, func(t *testing.T) {
			testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
				tool.lifecycle(t, server, source, t.TempDir(), run)
			}, elsewhere)
		})
	}
}

// elsewhere is a server that is not in UTC: what a tool writes in local time must still be read right.
var elsewhere = testenv.WithFlags("--default-time-zone=+05:30")

func TestRealNodeTools(t *testing.T) {
	t.Parallel()
	node := testenv.Installed(t, "node")
	source := filepath.Join("testdata", "node")
	workspace := nodeModules(t, source)
	run := func(t *testing.T, tool realTool, config *driver.Config, action, folder string) error {
		cmd := exec.CommandContext(t.Context(), node, filepath.Join(workspace, tool.name+".mjs"), action, folder)
		cmd.Env = append(os.Environ(), databaseVariable(config), "TZ=Asia/Kolkata")
		return output(cmd)
	}
	for _, tool := range []realTool{
		{
			name: "knex", first: "20240101000000_orders.cjs", second: "20240102000000_lines.cjs", timed: true,
			more: []string{"lock_held 0", "revisions running 0"},
		},
		{name: "sequelize", first: "20240101000000-orders.cjs", second: "20240102000000-lines.cjs"},
		{name: "typeorm", first: "Orders1704067200000", second: "Lines1704153600000"},
		{name: "mikro-orm", first: "Migration20240101000000_orders.cjs", second: "Migration20240102000000_lines.cjs", timed: true},
		{name: "db-migrate", first: "20240101000000-orders", second: "20240102000000-lines", timed: true},
		{name: "drizzle", first: "1704067200000", second: "1704153600000", noDown: true},
	} {
		t.Run(tool.name, func(t *testing.T) {
			testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
				tool.lifecycle(t, server, source, workspace, run)
			}, elsewhere)
		})
	}
}

// TestRealKnexKilledKeepsItsLock: nothing but `knex migrate:unlock` ends what looks like a migration at work.
func TestRealKnexKilledKeepsItsLock(t *testing.T) {
	t.Parallel()
	node := testenv.Installed(t, "node")
	workspace := nodeModules(t, filepath.Join("testdata", "node"))
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		folder, err := os.MkdirTemp(workspace, "knex")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(folder) })
		put(t, folder, map[string]string{
			"1_slow.cjs": "exports.up = (knex) => knex.schema.createTable('x', (t) => t.increments()).then(() => knex.raw('" + sleeping +
				"'))\nexports.down = () => Promise.resolve()\n",
		})
		config := server.AdminConfig()
		config.Net, config.Addr, config.DBName = "tcp", server.Addr(), server.Schema(t)
		m := watch(t, server, migration.Options{Discover: true}, documented(server, config.DBName)...)
		cmd := exec.CommandContext(t.Context(), node, filepath.Join(workspace, "knex.mjs"), "up", folder)
		cmd.Env = append(os.Environ(), databaseVariable(config))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := false
		defer func() {
			if !ended {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}
		}()
		isRunning := func() error {
			if s := m.scrape().of(config.DBName); s["revisions running"] != 1 || s["lock_held"] != 1 {
				return fmt.Errorf("%v", s)
			}
			return nil
		}
		testenv.Eventually(t, time.Minute, "Knex has its lock", isRunning)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if ended, err = true, cmd.Wait(); err == nil {
			t.Error("Knex ended well although it was killed")
		}
		if err := isRunning(); err != nil {
			t.Errorf("after the kill: %v", err)
		}
		server.Exec(t, "UPDATE "+config.DBName+".knex_migrations_lock SET is_locked = 0") // what migrate:unlock does
		if s := m.scrape().of(config.DBName); s["revisions running"] != 0 {
			t.Errorf("unlocked: %v", s)
		}
	})
}

// databaseVariable says in the environment where the database is.
func databaseVariable(config *driver.Config) string {
	host, port, _ := net.SplitHostPort(config.Addr)
	text, _ := json.Marshal(map[string]any{
		"host": host, "port": json.Number(port), "user": config.User, "password": config.Passwd, "database": config.DBName,
	})
	return "DATABASE=" + string(text)
}

func TestRealPythonTools(t *testing.T) {
	t.Parallel()
	source := filepath.Join("testdata", "python")
	script, err := filepath.Abs(filepath.Join(source, "run.py"))
	if err != nil {
		t.Fatal(err)
	}
	python, environment := interpreter(t, "python3", "-c", "import django, alembic, pymysql")
	run := func(t *testing.T, tool realTool, config *driver.Config, action, folder string) error {
		cmd := exec.CommandContext(t.Context(), python, script, tool.name, action, folder)
		cmd.Env = append(append(os.Environ(), environment...), databaseVariable(config), "PYTHONDONTWRITEBYTECODE=1")
		return output(cmd)
	}
	for _, tool := range []realTool{
		{name: "django", first: "shop.0001_initial", second: "shop.0002_lines", timed: true, less: []string{"pending_out_of_order"}},
		{name: "alembic", first: "a1", second: "b2", less: []string{"pending_out_of_order", "revisions applied"}},
	} {
		t.Run(tool.name, func(t *testing.T) {
			testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
				tool.lifecycle(t, server, source, t.TempDir(), run)
			}, elsewhere)
		})
	}
}

func TestRealRails(t *testing.T) {
	t.Parallel()
	source := filepath.Join("testdata", "ruby")
	script, err := filepath.Abs(filepath.Join(source, "run.rb"))
	if err != nil {
		t.Fatal(err)
	}
	ruby, environment := interpreter(t, "ruby", "-e", "require 'active_record'; require 'mysql2'")
	run := func(t *testing.T, tool realTool, config *driver.Config, action, folder string) error {
		cmd := exec.CommandContext(t.Context(), ruby, script, tool.name, action, folder)
		cmd.Env = append(append(os.Environ(), environment...), databaseVariable(config))
		return output(cmd)
	}
	tool := realTool{
		name: "rails", first: "20240101000000", second: "20240102000000", more: []string{"lock_held 0", "revisions running 0"},
	}
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		tool.lifecycle(t, server, source, t.TempDir(), run)
	}, elsewhere)
}

// interpreter returns the distribution's interpreter that passes a check, and what its environment lacks: the installed
// one, or that of the unpacked packages.
func interpreter(t *testing.T, name string, check ...string) (path string, environment []string) {
	t.Helper()
	usr := filepath.Join(sandbox.RootDir(sandbox.Tools), "usr")
	folders := func(patterns ...string) string {
		var found []string
		for _, pattern := range patterns {
			matches, err := filepath.Glob(filepath.Join(usr, pattern))
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, matches...)
		}
		return strings.Join(found, ":")
	}
	unpacked := []string{
		"LD_LIBRARY_PATH=" + folders("lib/*-linux-gnu"), "MARIADB_PLUGIN_DIR=" + folders("lib/*-linux-gnu/libmariadb3/plugin"),
		"PYTHONHOME=" + usr, "PYTHONPATH=" + folders("lib/python3/dist-packages"),
		"RUBYLIB=" + folders("lib/ruby/vendor_ruby", "lib/ruby/vendor_ruby/3*", "lib/*-linux-gnu/ruby/vendor_ruby/3*",
			"lib/ruby/3*", "lib/*-linux-gnu/ruby/3*"),
		"GEM_PATH=" + folders("share/rubygems-integration/*", "lib/ruby/gems/3*"),
	}
	try := func(path string, environment ...string) error {
		cmd := exec.CommandContext(t.Context(), path, check...)
		cmd.Env = append(os.Environ(), environment...)
		return output(cmd)
	}
	installed := filepath.Join("/usr/bin", name)
	installedErr := try(installed)
	if installedErr == nil {
		return installed, nil
	}
	path = filepath.Join(usr, "bin", name)
	unpackedErr := try(path, unpacked...)
	switch {
	case unpackedErr == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(errors.Join(installedErr, unpackedErr))
	default:
		t.Skip("NOT TESTED: run `make deps`: ", errors.Join(installedErr, unpackedErr))
	}
	return path, unpacked
}

// nodeModules returns a folder with the tools' scripts and what they need, installed as the lock file says. It is kept in
// the user's cache until that file changes.
func nodeModules(t *testing.T, source string) string {
	t.Helper()
	lock, err := os.ReadFile(filepath.Join(source, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	folder := filepath.Join(cache, "dbsync", "node-"+hex.EncodeToString(sum[:6]))
	done := filepath.Join(folder, ".complete")
	installing.Lock()
	defer installing.Unlock()
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(source, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		if stat, err := os.Stat(path); err != nil || stat.IsDir() {
			continue
		}
		content, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, filepath.Base(path)), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(done); !errors.Is(err, fs.ErrNotExist) {
		return folder
	}
	install := exec.CommandContext(t.Context(), testenv.Installed(t, "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = folder
	if err := output(install); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

var installing sync.Mutex
