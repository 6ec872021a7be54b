// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/stack"
	"github.com/easy-erp/dbsync/internal/status"
	"github.com/easy-erp/dbsync/internal/testenv"
)

const patienceWithServers = 2 * time.Minute

// session is a `dbsyncctl up` that a person or a service manager has started.
type session struct {
	*exec.Cmd
	keys io.Writer // nil without a terminal
	temp string    // where its temporary folder is

	mu     sync.Mutex
	screen strings.Builder
}

// Write takes what the program writes.
func (s *session) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.Write(text)
}

func (s *session) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

// prepare prepares a session. Its waits are a hundredth of the shipped ones.
func prepare(t *testing.T, args ...string) *session {
	t.Helper()
	_, err := stack.FindPrograms(stack.Programs{}, true)
	testenv.Require(t, sandbox.Program{}, err)
	dir, env := installed(t)
	temp, err := os.MkdirTemp("", "up") // not the test's own folder, in which the path of a socket is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	if err := os.Chmod(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	s := &session{temp: temp, Cmd: exec.Command(filepath.Join(dir, program), append([]string{"up", "--waits", "0.01"}, args...)...)}
	s.Env = append(env, "TMPDIR="+temp, "TERM=xterm")
	s.Stdout, s.Stderr = s, s
	return s
}

// start starts the session and ends it with the test, whatever happens.
func (s *session) start(t *testing.T) {
	t.Helper()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.ProcessState == nil {
			_ = s.Process.Kill()
			_ = s.Wait()
		}
		if t.Failed() {
			t.Log(s.seen())
		}
	})
}

// onTerminal starts the session on a terminal of its own, with the usual size.
func (s *session) onTerminal(t *testing.T) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("NOT TESTED: ", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	size := &unix.Winsize{Row: 40, Col: 120}
	err = errors.Join(err, unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0),
		unix.IoctlSetWinsize(int(person.Fd()), unix.TIOCSWINSZ, size))
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Stdin, s.Stdout, s.Stderr = terminal, terminal, terminal
	s.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s.start(t)
	s.keys = person
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(s, person) // ends with an error when the program closes the terminal
	}()
	t.Cleanup(func() { <-read })
}

func (s *session) press(t *testing.T, key string) {
	t.Helper()
	if _, err := io.WriteString(s.keys, key); err != nil {
		t.Fatal(err)
	}
}

// shows waits for a text and returns what of it the expression catches first.
func (s *session) shows(t *testing.T, expression string) string {
	t.Helper()
	pattern := regexp.MustCompile(expression)
	var found []string
	testenv.Eventually(t, patienceWithServers, expression, func() error {
		if found = pattern.FindStringSubmatch(s.seen()); found == nil {
			return errors.New("not shown")
		}
		return nil
	})
	return found[len(found)-1]
}

// ended waits for the end and wants it to be a good one that leaves no file.
func (s *session) ended(t *testing.T) {
	t.Helper()
	if err := s.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	left, err := filepath.Glob(filepath.Join(s.temp, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v are left (%v)", left, err)
	}
}

// TestUpOnATerminal is a person who starts it, breaks the migration, asks how things are, heals and presses Ctrl-C.
func TestUpOnATerminal(t *testing.T) {
	s := prepare(t)
	s.onTerminal(t)
	address := "--prometheus.url=" + s.shows(t, `(http://127\.0\.0\.1:\d+)/alerts`)
	s.shows(t, "BREAK SOMETHING AND WATCH")
	s.press(t, "b")
	s.shows(t, `mail +after [0-9.]+ s +\S*\[CRITICAL\]\S* MigrationFailure erp-primary easy_erp.schema_migrations`)

	testenv.Eventually(t, patienceWithServers, "the status knows every part", func() error {
		code, stdout, stderr := call("status", "--json", address)
		var got status.Status
		if err := json.Unmarshal([]byte(stdout), &got); err != nil {
			return fmt.Errorf("%w: %s%s", err, stdout, stderr)
		}
		if code != exitCritical || got.Parts["migration"] != status.Critical || got.Parts["backup"] != status.OK {
			return fmt.Errorf("exit code %d, %+v", code, got)
		}
		return nil
	})
	if code, stdout, _ := call("status", address); code != exitCritical || !strings.Contains(stdout, "FIRING MigrationFailure: erp-primary") {
		t.Errorf("status: exit code %d,\n%s", code, stdout)
	}
	if code, stdout, _ := call("query", address, `dbsync_migration_revisions{state="failed"}`); code != exitOK || !strings.HasSuffix(stdout, "} 1\n") {
		t.Errorf("query: exit code %d, %q", code, stdout)
	}
	if code, stdout, _ := call("query", address, "no_such_metric"); code != exitEmpty || stdout != "" {
		t.Errorf("query of nothing: exit code %d, %q", code, stdout)
	}
	if code, _, stderr := call("query", address, "sum("); code != exitFailure || !strings.Contains(stderr, "parse error") {
		t.Errorf("query of nonsense: exit code %d, %q", code, stderr)
	}

	s.press(t, "h")
	s.shows(t, `mail +after [0-9.]+ s +\S*\[RESOLVED\]\S* MigrationFailure`)
	s.press(t, "\x03")
	s.ended(t)
	if !strings.Contains(s.seen(), "\x1b[?1049l") {
		t.Error("the terminal is left on the other screen")
	}
}

// TestUpWithoutATerminal is a service manager or a pipeline.
func TestUpWithoutATerminal(t *testing.T) {
	s := prepare(t, "--break", "migration", "--offset-ports", "11000")
	s.start(t)
	s.shows(t, `all up after [0-9.]+ s`)
	s.shows(t, `mail +admin@example.com, dba@example.com: \[CRITICAL\] MigrationFailure erp-primary .* \([0-9.]+ s after it broke\)`)
	if strings.Contains(s.seen(), "\x1b") {
		t.Error("control sequences are written to a pipe")
	}
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.ended(t)
}

// TestUpThatIsKilled leaves no process behind; its folder is removed by the next one.
func TestUpThatIsKilled(t *testing.T) {
	s := prepare(t)
	s.start(t)
	s.shows(t, `all up after`)
	address := s.shows(t, `prometheus +http://(\S+)`)
	if err := s.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.Wait()
	testenv.Eventually(t, patienceWithServers, "Prometheus has ended", func() error {
		if code, _, _ := call("query", "--prometheus.url=http://"+address, "up"); code != exitFailure {
			return errors.New("it answers")
		}
		return nil
	})
	next := prepare(t)
	next.Env = append(next.Env, "TMPDIR="+s.temp)
	next.temp = s.temp
	next.start(t)
	next.shows(t, `removed what a run that was killed had left: `+s.temp)
	next.shows(t, `all up after`)
	if err := next.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	next.ended(t)
}
