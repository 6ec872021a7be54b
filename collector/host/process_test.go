// SPDX-License-Identifier: Apache-2.0

//go:build linux

package host

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
)

func processScrape(t *testing.T, change func(root string)) []*dto.MetricFamily {
	t.Helper()
	opts := fixtureOptions(t)
	change(opts.Root)
	return scrape(t, newScraper(t, opts))
}

func TestProcessesOfOneNameAreOneSeries(t *testing.T) {
	got := processScrape(t, func(string) {})
	page := float64(os.Getpagesize())
	want(t, got, (65536+4096)*page, "dbsync_process_resident_memory_bytes", "process", "mariadbd")
	want(t, got, 2, "dbsync_process_instances", "process", "mariadbd")
	want(t, got, 0, "dbsync_process_up", "process", "mysqld")
	wantAbsent(t, got, "dbsync_process_resident_memory_bytes", "process", "mysqld")
}

func TestFilesThatMayNotBeCountedAreAbsent(t *testing.T) {
	got := processScrape(t, func(root string) { remove(t, root, "proc/4242/fd") })
	wantAbsent(t, got, "dbsync_process_open_fds", "process", "mariadbd")
	wantAbsent(t, got, "dbsync_process_max_fds", "process", "mariadbd")
	want(t, got, 2, "dbsync_process_instances", "process", "mariadbd")
}

func TestProcessThatEndsWhileItIsReadIsGone(t *testing.T) {
	got := processScrape(t, func(root string) { remove(t, root, "proc/4300/stat", "proc/77/comm") })
	want(t, got, 1, "dbsync_process_instances", "process", "mariadbd")
	want(t, got, 4, "dbsync_process_open_fds", "process", "mariadbd")
	want(t, got, 32768, "dbsync_process_max_fds", "process", "mariadbd")
}

// Under hidepid, what is not seen may run all the same.
func TestHiddenProcessesAreNotDown(t *testing.T) {
	got := processScrape(t, func(root string) { remove(t, root, "proc/1/comm") })
	want(t, got, 1, "dbsync_process_up", "process", "mariadbd")
	wantAbsent(t, got, "dbsync_process_up", "process", "mysqld")
	got = processScrape(t, func(root string) { remove(t, root, "proc/1/comm", "proc/4242/comm", "proc/4300/comm", "proc/78") })
	wantAbsent(t, got, "dbsync_process_up")
	wantAbsent(t, got, "dbsync_source_success", "source", "processes")
}

// Setting the clock moves the boot time, and no process was started anew.
func TestStartTimeDoesNotMove(t *testing.T) {
	opts := fixtureOptions(t)
	s := newScraper(t, opts)
	before, _ := value(scrape(t, s), "dbsync_process_start_time_seconds", "process", "mariadbd")
	write(t, opts.Root, "proc/stat", "cpu  1 1 1 1 1 1 1 1 1 1\ncpu0 1 1 1 1 1 1 1 1 1 1\nbtime 1795499999\n")
	want(t, scrape(t, s), before, "dbsync_process_start_time_seconds", "process", "mariadbd")
}

// A process that becomes a wanted one is found: at once when it is young, and
// within a minute when it has long been something else.
func TestProcessThatBecomesAnotherProgramIsFound(t *testing.T) {
	opts := fixtureOptions(t)
	opts.Processes = []string{"mysqld"}
	now := fixtureNow
	target := &collector.Target{Name: "t", Now: func() time.Time { return now }}
	s, err := collector.NewScraper(target, []collector.Definition{Definition(opts)})
	if err != nil {
		t.Fatal(err)
	}
	want(t, scrape(t, s), 0, "dbsync_process_up", "process", "mysqld")
	write(t, opts.Root, "proc/4242/comm", "mysqld\n")
	want(t, scrape(t, s), 1, "dbsync_process_instances", "process", "mysqld")
	write(t, opts.Root, "proc/4300/comm", "mysqld\n") // looked at twice before
	now = now.Add(rescanEvery)
	want(t, scrape(t, s), 2, "dbsync_process_instances", "process", "mysqld")
	now = now.Add(-time.Hour) // a clock that is set back stops nothing
	write(t, opts.Root, "proc/4300/comm", "mariadbd\n")
	want(t, scrape(t, s), 1, "dbsync_process_instances", "process", "mysqld")
}

// The names of strangers are not read again and again.
func TestStrangersAreLookedAtRarely(t *testing.T) {
	now := fixtureNow
	s := strangers{}
	read := func() (n int) {
		s.begin(now)
		defer s.end()
		for pid := range 1000 {
			if !s.known(pid) {
				s.add(pid)
				n++
			}
		}
		return n
	}
	for i, want := range []int{1000, 1000, 0, 0} {
		if got := read(); got != want {
			t.Errorf("round %d reads %d names, want %d", i, got, want)
		}
	}
	s.begin(now) // all end
	s.end()
	if got := read(); got != 1000 {
		t.Errorf("%d names are read of new processes with old numbers", got)
	}
}

// child starts this program under a name that nothing else has, and longer than
// the kernel keeps.
func child(t *testing.T) (name string, stop func()) {
	t.Helper()
	name = "host-child-" + strconv.Itoa(os.Getpid()) + "-with-a-long-name"
	program := filepath.Join(t.TempDir(), name)
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, program)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	input, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return name, func() { endChild(t, input, cmd) }
}

func endChild(t *testing.T, input io.Closer, cmd *exec.Cmd) {
	t.Helper()
	if err := input.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestRealProcesses(t *testing.T) {
	own, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	self := string(own[:len(own)-1])
	began := time.Now()
	name, stop := child(t)
	s := newScraper(t, Options{Processes: []string{name, self}})
	eventually(t, "the child has its name", func() bool {
		v, _ := value(scrape(t, s), "dbsync_process_up", "process", name)
		return v == 1
	})
	got := scrape(t, s)
	want(t, got, 1, "dbsync_process_instances", "process", name)
	for _, process := range []string{name, self} {
		for _, family := range []string{"resident_memory_bytes", "open_fds", "max_fds", "start_time_seconds"} {
			if v, ok := value(got, "dbsync_process_"+family, "process", process); !ok || v <= 0 {
				t.Errorf("%s of %s is %v (there: %v)", family, process, v, ok)
			}
		}
	}
	// The boot time that a start is reckoned from is whole seconds.
	started, _ := value(got, "dbsync_process_start_time_seconds", "process", name)
	if off := started - float64(began.Unix()); off < -2 || off > 60 {
		t.Errorf("the child started %v s after it was started", off)
	}
	stop()
	got = scrape(t, s)
	want(t, got, 0, "dbsync_process_up", "process", name)
	wantAbsent(t, got, "dbsync_process_start_time_seconds", "process", name)
}
