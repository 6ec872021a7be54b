// SPDX-License-Identifier: Apache-2.0

//go:build linux

package host

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// stuckOptions give a machine on which /backup, a mount and a role path, does
// not answer until release is closed; asked counts how often it was asked.
func stuckOptions(t *testing.T) (opts Options, release chan struct{}, asked *atomic.Int32) {
	opts, release, asked = fixtureOptions(t), make(chan struct{}), new(atomic.Int32)
	healthy := opts.system.statfs
	opts.system.statfs = func(path string) (usage, error) {
		if path == filepath.Join(opts.Root, "backup") {
			asked.Add(1)
			<-release
		}
		return healthy(path)
	}
	opts.MountTimeout = time.Second
	return opts, release, asked
}

func TestDeadMountIsLeftBehindUntilItReturns(t *testing.T) {
	opts, release, asked := stuckOptions(t)
	s := newScraper(t, opts)
	for range 3 {
		got := scrape(t, s)
		want(t, got, 1, "node_filesystem_device_error", "mountpoint", "/backup", "device_error", "mountpoint timeout")
		wantAbsent(t, got, "node_filesystem_size_bytes", "mountpoint", "/backup")
		want(t, got, 4e9, "node_filesystem_size_bytes", "mountpoint", "/")
		want(t, got, 1, "dbsync_path_filesystem_device_error", "path", "/backup")
		wantAbsent(t, got, "dbsync_path_filesystem_avail_bytes", "path", "/backup")
		want(t, got, 1.5e9, "dbsync_path_filesystem_avail_bytes", "path", "/var/lib/mysql")
		want(t, got, 1, "dbsync_collector_success")
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the dead mount was asked %d times, want once", n)
	}
	close(release)
	eventually(t, "the mount is asked again", func() bool {
		v, ok := value(scrape(t, s), "node_filesystem_device_error", "mountpoint", "/backup", "device_error", "")
		return ok && v == 0
	})
	want(t, scrape(t, s), 1.5e9, "dbsync_path_filesystem_avail_bytes", "path", "/backup")
}

func TestMountsWaitOnlyOnceForTheTimeout(t *testing.T) {
	release := make(chan struct{})
	m := &mounts{timeout: time.Hour, calls: map[string]*call{}, statfs: func(string) (usage, error) {
		<-release
		return usage{size: 1}, nil
	}}
	first := m.begin("/a")
	if m.begin("/a") != first {
		t.Error("a second call began while the first was going on")
	}
	first.start = first.start.Add(-2 * time.Hour)
	if _, err := m.wait(t.Context(), first); !errors.Is(err, errDead) {
		t.Errorf("error %v, want %v", err, errDead)
	}
	close(release)
	<-first.done
	if u, err := m.wait(t.Context(), first); err != nil || u.size != 1 {
		t.Errorf("a late answer gave %v, %v", u, err)
	}
	eventually(t, "the call is forgotten", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.calls) == 0
	})
}

func TestMountsWaitEndsWithTheContext(t *testing.T) {
	release := make(chan struct{})
	m := &mounts{timeout: time.Hour, calls: map[string]*call{}, statfs: func(string) (usage, error) {
		<-release
		return usage{}, nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := m.begin("/a")
	if _, err := m.wait(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	close(release)
	<-c.done
}

// A read that hangs where none should is left behind, and the others are served.
func TestHungSourceDoesNotHoldTheOthers(t *testing.T) {
	opts := fixtureOptions(t)
	release := make(chan struct{})
	opts.Discover = func(context.Context) ([]Path, error) { <-release; return nil, nil } // deaf to its context
	def := Definition(opts)
	def.New = func(t *collector.Target) collector.Collector {
		h := newHost(opts, t)
		h.timeout = 2 * time.Second
		return h
	}
	s, err := collector.NewScraper(&collector.Target{Name: "t"}, []collector.Definition{def})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got := scrape(t, s)
		wantSource(t, got, false, "paths")
		wantSource(t, got, true, "cpu")
		wantSource(t, got, true, "filesystem")
		want(t, got, 0.96, "node_load1")
		wantAbsent(t, got, "dbsync_path_filesystem_avail_bytes")
		want(t, got, 0, "dbsync_collector_success")
	}
	close(release)
	eventually(t, "the source is read again", func() bool {
		v, _ := value(scrape(t, s), "dbsync_source_success", "source", "paths")
		return v == 1
	})
}

// Scrapes that hang up leave nothing behind; goleak looks after the test.
func TestCancelledCollection(t *testing.T) {
	opts, release, _ := stuckOptions(t)
	defer close(release)
	s := newScraper(t, opts)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantAbsent(t, s.Scrape(ctx), "dbsync_path_filesystem_avail_bytes", "path", "/backup")
}
