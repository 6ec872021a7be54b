// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// mounted, in the environment, tells the test binary to serve a file system: "source mountpoint".
const mounted = "DBSYNC_TEST_MOUNT"

// TestMountServer is no test but the server of a FUSE mount, in a process of its own.
func TestMountServer(t *testing.T) {
	source, at, ok := strings.Cut(os.Getenv(mounted), " ")
	if !ok { // for the other tests only
		return
	}
	root, err := fs.NewLoopbackRoot(source)
	if err != nil {
		t.Fatal(err)
	}
	server, err := fs.Mount(at, root, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, FsName: "dbsync-test"}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("mounted")
	server.Wait()
}

// mount is a file system whose server can be stopped, as when the network to it goes away.
type mount struct {
	dir     string
	process *os.Process
}

// mountOf mounts a folder once more, through FUSE.
func mountOf(t *testing.T, source string) *mount {
	t.Helper()
	if os.Geteuid() != 0 {
		testenv.Installed(t, "fusermount3")
	}
	at := t.TempDir()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMountServer$")
	command.Env = append(os.Environ(), mounted+"="+source+" "+at)
	command.Stderr = os.Stderr
	pipe, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	m := &mount{at, command.Process}
	t.Cleanup(func() {
		_ = m.process.Kill() // what hangs in it returns then
		_ = command.Wait()
		if unix.Unmount(at, unix.MNT_DETACH) != nil {
			_ = exec.Command("fusermount3", "-u", "-z", at).Run()
		}
	})
	said, err := bufio.NewReader(pipe).ReadString('\n')
	switch {
	case strings.Contains(said, "mounted"):
	case os.Getenv("CI") == "true":
		t.Fatalf("nothing can be mounted: %v, %s", err, said)
	default:
		t.Skipf("NOT TESTED: nothing can be mounted: %v, %s", err, said)
	}
	return m
}

func (m *mount) send(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := m.process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if signal != syscall.SIGSTOP {
		return
	}
	// It goes on answering until the last of its threads has stopped.
	for {
		var status unix.WaitStatus
		switch _, err := unix.Wait4(m.process.Pid, &status, unix.WUNTRACED, nil); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			t.Fatal(err)
		case !status.Stopped():
			t.Fatalf("the mount's process is not stopped: %v", status)
		default:
			return
		}
	}
}

// watchingOften is watching, with looks that follow each other closely.
func watchingOften(t *testing.T, now *clock, backups ...Backup) (scrape func() scraped) {
	t.Helper()
	target := &collector.Target{Name: "t", Now: now.now}
	d := Definition(Options{})
	d.New = func(target *collector.Target) collector.Collector {
		ws := newWatches(Options{Backups: backups}, target)
		for _, w := range ws.all {
			w.method.every = 100 * time.Millisecond
		}
		return ws
	}
	return watchingOf(t, target, d)
}

// TestHungMountDelaysNoScrape lets the file system of one backup hang at any point of reading it. Its source fails as
// soon as what is known of it is too old (dbsync_source_success 0), the other backup is served all the while, nothing piles
// up, and when the mount answers again all is as before.
func TestHungMountDelaysNoScrape(t *testing.T) {
	remote, local := t.TempDir(), t.TempDir()
	packed := compressors(t)[".sql.gz"]([]byte(noise(16<<20) + plainDump))
	write(t, remote+"/1.sql.gz", packed, hour)
	write(t, local+"/1.sql", []byte(plainDump), hour)
	m, now := mountOf(t, remote), new(clock)
	of := func(name, dir string) Backup {
		return Backup{Name: name, Method: "mysqldump", Path: dir + "/*", Trailer: true, VerifyLevel: Stream, ReadRate: 4 << 20}
	}
	scrape := watchingOften(t, now, of("remote", m.dir), of("local", local))
	const (
		success  = `dbsync_source_success{source="remote"}`
		other    = `dbsync_source_success{source="local"}`
		progress = `dbsync_backup_verify_progress_ratio{backup="remote",method="mysqldump"}`
		verified = `dbsync_backup_last_verify_success{backup="remote",kind="full",method="mysqldump"}`
	)
	testenv.Eventually(t, 20*time.Second, "it is being read", func() error {
		if got := scrape(); got[success] != 1 || got[other] != 1 || got[progress] == 0 {
			return fmt.Errorf("success %v and %v, progress %v", got[success], got[other], got[progress])
		}
		return nil
	})

	m.send(t, syscall.SIGSTOP)
	before := runtime.NumGoroutine()
	for range 50 { // each would take for ever if it touched the mount
		if got := scrape(); got[success] != 1 || got[other] != 1 {
			t.Errorf("at first: success %v and %v, want what is known", got[success], got[other])
		}
	}
	now.advance(hour)
	testenv.Eventually(t, 20*time.Second, "the hang shows, and only there", func() error {
		if got := scrape(); got[success] != 0 || got[other] != 1 {
			return fmt.Errorf("success %v and %v, want 0 and 1", got[success], got[other])
		}
		return nil
	})
	if n := runtime.NumGoroutine(); n > before+2 {
		t.Errorf("%d goroutines have become %d", before, n)
	}

	m.send(t, syscall.SIGCONT)
	testenv.Eventually(t, time.Minute, "it is read to its end", func() error {
		if got := scrape(); got[success] != 1 || got[verified] != 1 {
			return fmt.Errorf("success %v, verified %v, progress %v", got[success], got[verified], got[progress])
		}
		return nil
	})

	if err := m.process.Kill(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 20*time.Second, "a mount without a server fails at once", func() error {
		if got := scrape(); got[success] != 0 || got[other] != 1 {
			return fmt.Errorf("success %v and %v, want 0 and 1", got[success], got[other])
		}
		return nil
	})
}

// TestMountThatHangsFromTheStart is what an exporter finds that is started during an outage, and that is ended in it.
func TestMountThatHangsFromTheStart(t *testing.T) {
	remote := t.TempDir()
	write(t, remote+"/1.sql", []byte(plainDump), hour)
	m := mountOf(t, remote)
	m.send(t, syscall.SIGSTOP)
	ws := newWatches(Options{Backups: []Backup{{Name: "remote", Method: "mysqldump", Path: m.dir + "/*", Trailer: true}}},
		&collector.Target{Name: "t", Now: time.Now, Logger: testEnv(new(clock)).target.Logger})
	d := Definition(Options{})
	d.New = func(*collector.Target) collector.Collector { return ws }
	s, err := collector.NewScraper(&collector.Target{Name: "t"}, []collector.Definition{d})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	for range 3 {
		found := false
		for _, family := range s.Scrape(t.Context()) {
			if family.GetName() == "dbsync_source_success" {
				found = family.Metric[0].GetGauge().GetValue() == 0
			}
		}
		if !found {
			t.Error("the hang does not show")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil { // although the look still hangs
		t.Errorf("it cannot be ended: %v", errors.Join(err, context.Cause(ctx)))
	}
	m.send(t, syscall.SIGCONT)
}
