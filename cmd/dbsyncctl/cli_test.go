// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kingpin/v2"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// asProgram makes this test's executable be the program.
const asProgram = "DBSYNC_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	testenv.Main(m)
}

// program returns the folder with a dbsyncctl that can be run, and the environment that it takes.
func installed(t *testing.T) (dir string, env []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, program)); err != nil {
		t.Fatal(err)
	}
	return dir, append(os.Environ(), asProgram+"=1", "PATH="+dir+":"+os.Getenv("PATH"))
}

// call runs the program in this process.
func call(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(args, stdio{strings.NewReader(""), &out, &err})
	return code, out.String(), err.String()
}

func TestEveryCommandTeaches(t *testing.T) {
	c := &cli{app: kingpin.New(program, help), actions: map[string]action{}}
	c.addCommands()
	if len(c.actions) < 10 {
		t.Fatalf("only %d commands", len(c.actions))
	}
	for name := range c.actions {
		code, stdout, stderr := call(append(strings.Fields(name), "--help")...)
		if code != exitOK || stderr != "" || !strings.HasPrefix(stdout, "usage: dbsyncctl "+name) {
			t.Errorf("%s --help: exit code %d, %q, %q", name, code, stdout, stderr)
		}
		if strings.Count(stdout, "usage:") != 1 {
			t.Errorf("%s --help tells its usage more than once:\n%s", name, stdout)
		}
	}
	if code, stdout, _ := call("--help"); code != exitOK || !strings.Contains(stdout, "dbsyncctl up --break migration") {
		t.Errorf("--help: exit code %d, no example in\n%s", code, stdout)
	}
}

func TestWrongCommandLinesAreRefused(t *testing.T) {
	for want, args := range map[string][]string{
		"unknown long flag '--bogus'":     {"up", "--bogus"},
		"expected command":                {"nonsense"},
		"--waits: want a positive number": {"up", "--waits", "0"},
		"--dsn: want user:password@tcp":   {"up", "--dsn", "localhost"},
		"nothing is broken on a server":   {"up", "--dsn", "u@tcp(h:1)/", "--break", "disk"},
		"enum value must be one of":       {"up", "--break", "everything"},
		"run_type":                        {"run", "--type", "Backup!", "--task", "x", "--", "true"},
		"required flag(s) '--t":           {"run", "--", "true"},
		"not a valid duration":            {"run", "--type", "a", "--task", "b", "--timeout", "soon", "--", "true"},
		"required argument 'expr'":        {"query"},
		"want 2026-11-24T02:00:00Z":       {"query", "--time", "yesterday", "up"},
		"does not exist":                  {"check", "rules", "nowhere.yml"},
		"nothing to render with":          {"render"},
	} {
		code, stdout, stderr := call(args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%q: exit code %d, said %q %q, want 2 and %q", args, code, stdout, stderr, want)
		}
	}
}

func TestTheDSNIsNotRepeated(t *testing.T) {
	for _, dsn := range []string{"u:s3cret@tcp(h", "s3cret"} {
		if _, stdout, stderr := call("up", "--dsn", dsn); strings.Contains(stdout+stderr, "s3cret") {
			t.Errorf("the password is shown: %s%s", stdout, stderr)
		}
	}
}

func TestVersionForPrograms(t *testing.T) {
	code, stdout, _ := call("version", "--json")
	var got map[string]string
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != exitOK || got["go_version"] == "" {
		t.Errorf("exit code %d, %v, %q", code, err, stdout)
	}
}

// TestBashCompletes loads the script into a real bash and lets it complete.
func TestBashCompletes(t *testing.T) {
	bash := testenv.Installed(t, "bash")
	_, env := installed(t)
	for line, want := range map[string]string{
		"dbsyncctl che":                   "check",
		"dbsyncctl check r":               "rules",
		"dbsyncctl run --expect":          "--expect-every",
		"dbsyncctl up --break conn":       "connections",
		"dbsyncctl completion z":          "zsh",
		"dbsyncctl status --prometheus.u": "--prometheus.url",
	} {
		script := `eval "$(dbsyncctl completion bash)"; COMP_WORDS=(` + line + `); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _dbsyncctl; echo "${COMPREPLY[@]}"`
		command := exec.Command(bash, "--norc", "-c", script)
		command.Env = env
		out, err := command.CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%q is completed to %q (%v), want %q", line, out, err, want)
		}
	}
}

func TestZshScriptIsValid(t *testing.T) {
	zsh := testenv.Installed(t, "zsh")
	_, stdout, _ := call("completion", "zsh")
	command := exec.Command(zsh, "-n")
	command.Stdin = strings.NewReader(stdout)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
