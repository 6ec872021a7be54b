// SPDX-License-Identifier: Apache-2.0

//go:build unix

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/easy-erp/dbsync/internal/proc"
)

// parentMode makes the test binary play a parent that starts a child, prints its id and waits to be killed.
const parentMode = "DBSYNC_PROC_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentMode) != "" {
		os.Exit(playParent())
	}
	goleak.VerifyTestMain(m)
}

func playParent() int {
	spec := proc.Spec{Path: "sleep", Args: []string{"3600"}}
	if os.Geteuid() == 0 {
		spec.User, _ = proc.LookupUser("nobody") // the harder case: a change of account clears the signal
	}
	child, err := proc.Start(spec)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(child.PID())
	<-child.Done()
	return 0
}

func shell(t *testing.T, script string, change ...func(*proc.Spec)) *proc.Process {
	t.Helper()
	spec := proc.Spec{Path: "sh", Args: []string{"-c", script}}
	for _, c := range change {
		c(&spec)
	}
	p, err := proc.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func await(t *testing.T, p *proc.Process, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := p.Ready(ctx, func(context.Context) error {
		if !strings.Contains(p.Output(), text) {
			return fmt.Errorf("output %q has no %q", p.Output(), text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func awaitGone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !gone(pid) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there", pid)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestStopEndsByTerm(t *testing.T) {
	p := shell(t, `trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done`)
	await(t, p, "ready")
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if !errors.As(p.Err(), &exit) || exit.ExitCode() != 3 {
		t.Errorf("Err() = %v, want exit status 3", p.Err())
	}
	if !strings.HasSuffix(p.Output(), "bye\n") {
		t.Errorf("output %q does not end with what the trap wrote", p.Output())
	}
	if err := p.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestStopKillsWhatIgnoresTerm(t *testing.T) {
	quick := func(s *proc.Spec) { s.Grace = 100 * time.Millisecond }
	p := shell(t, `trap '' TERM; echo ready; while :; do sleep 0.05; done`, quick)
	await(t, p, "ready")
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if !gone(p.PID()) {
		t.Error("the child is still there")
	}
}

func TestStopEndsGrandchildren(t *testing.T) {
	p := shell(t, `sleep 3600 & echo "grandchild $!."; wait`)
	await(t, p, ".")
	pid, err := strconv.Atoi(strings.Trim(strings.TrimPrefix(p.Output(), "grandchild "), ".\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, pid)
}

func TestStopEndsFrozen(t *testing.T) {
	p := shell(t, `echo ready; while :; do sleep 0.05; done`)
	await(t, p, "ready")
	if err := p.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := p.Freeze(); err != nil {
		t.Errorf("freeze again: %v", err)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if !errors.As(p.Err(), &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("Err() = %v, want an end by SIGTERM", p.Err())
	}
	if err := p.Freeze(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("freeze after the end: %v", err)
	}
}

func TestReadySaysWhyAChildEnded(t *testing.T) {
	p := shell(t, `echo no room left >&2; exit 7`)
	err := p.Ready(t.Context(), func(context.Context) error { return errors.New("not yet") })
	for _, want := range []string{"exit status 7", "no room left", "ended before it was ready"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestReadyGivesUpAtTheDeadline(t *testing.T) {
	p := shell(t, `echo starting; exec sleep 3600`)
	await(t, p, "starting")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := p.Ready(ctx, func(context.Context) error { return errors.New("connection refused") })
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("error %v does not say deadline and last state", err)
	}
}

func TestOutputKeepsTheEnd(t *testing.T) {
	small := func(s *proc.Spec) { s.Output = 100 }
	p := shell(t, `i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; echo the end`, small)
	<-p.Done()
	if got := p.Output(); len(got) > 100+len("[...]") || !strings.HasSuffix(got, "the end\n") {
		t.Errorf("output of %d bytes: %q", len(got), got)
	}
}

func TestLogReceivesEverything(t *testing.T) {
	var all strings.Builder
	p := shell(t, `echo one; echo two >&2`, func(s *proc.Spec) { s.Output, s.Log = 4, io.Writer(&all) })
	<-p.Done()
	if all.String() != "one\ntwo\n" {
		t.Errorf("log %q", all.String())
	}
}

func TestStdinIsRead(t *testing.T) {
	p := shell(t, `read word; echo "heard $word"`, func(s *proc.Spec) { s.Stdin = strings.NewReader("peep\n") })
	<-p.Done()
	if p.Output() != "heard peep\n" {
		t.Errorf("output %q", p.Output())
	}
}

func TestStartNamesTheProgram(t *testing.T) {
	_, err := proc.Start(proc.Spec{Path: "/nonexistent/mysqld"})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/nonexistent/mysqld") {
		t.Errorf("error %v", err)
	}
}

func TestUserRunsAsThatAccount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may change the account of a child")
	}
	nobody, err := proc.LookupUser("nobody")
	if err != nil {
		t.Skip(err)
	}
	p := shell(t, `id -u`, func(s *proc.Spec) { s.User = nobody })
	<-p.Done()
	if got := strings.TrimSpace(p.Output()); got != strconv.Itoa(nobody.UID) {
		t.Errorf("child runs as %s, want %d", got, nobody.UID)
	}
}

func TestFreePortCanBeListenedOn(t *testing.T) {
	port, err := proc.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", proc.Loopback(port))
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
}
