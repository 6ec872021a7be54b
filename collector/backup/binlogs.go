// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/hang"
)

// binlogsEvery is how often a server and the archives of its logs are looked at.
const binlogsEvery = 10 * time.Second

// binlogs follow the binary logs of a target, in its server and in archives.
type binlogs struct {
	server   collector.Server // nil: there is none
	archives []*archiveWatch
	now      func() time.Time
	logger   *slog.Logger

	mu    sync.Mutex
	known serverLogs // as of the newest answer
	err   error      // of the newest question
	told  bool       // that the logs may not be seen
}

// archiveWatch follows one archive.
type archiveWatch struct {
	archive *archive
	now     func() time.Time
	logger  *slog.Logger
	guard   hang.Guard
	made    time.Time     // by the system's clock
	first   chan struct{} // closed when the first look has ended

	mu    sync.Mutex
	state archiveState
	at    time.Time // when the newest look that succeeded ended; zero: none did
	err   error     // of the newest look
}

func newBinlogs(archives []Archive, e *env) *binlogs {
	b := &binlogs{server: e.server(), now: e.target.Now, logger: e.target.Logger}
	for _, a := range archives {
		one := newArchive(a, e)
		b.archives = append(b.archives, &archiveWatch{
			archive: one, now: e.target.Now, logger: one.logger, made: time.Now(), first: make(chan struct{}),
		})
	}
	return b
}

// run watches until ctx ends.
func (b *binlogs) run(ctx context.Context) {
	var wg sync.WaitGroup
	if b.server != nil {
		wg.Go(func() { repeat(ctx, func() { b.ask(ctx) }) })
	}
	for _, a := range b.archives {
		wg.Go(func() { repeat(ctx, func() { a.look(ctx) }) })
	}
	wg.Wait()
}

// repeat calls f at once, and again and again until ctx ends.
func repeat(ctx context.Context, f func()) {
	next := time.NewTicker(binlogsEvery)
	defer next.Stop()
	for {
		f()
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
	}
}

// ask asks the server. What it said before stays true of that moment.
func (b *binlogs) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	s, err := askServerLogs(ctx, b.server, b.now)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err = err; err != nil {
		return
	}
	b.known = s
	if !s.visible && !b.told {
		b.logger.Info("the server's binary logs cannot be seen: GRANT REPLICATION CLIENT (MariaDB: BINLOG MONITOR) ON *.* to the monitoring account")
	}
	b.told = !s.visible
}

// answers returns what the server said last, and why it does not answer now.
func (b *binlogs) answers() (serverLogs, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known, b.err
}

// look looks once, and then reads what a look may not: compressed logs.
func (a *archiveWatch) look(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	var unread *archived
	s, err := hang.Do(within, &a.guard, func() (archiveState, error) {
		s, err := a.archive.look(within)
		unread = a.archive.next(s)
		return s, err
	})
	a.took(s, err)
	if err == nil && unread != nil {
		a.read(ctx, unread)
	}
}

func (a *archiveWatch) took(s archiveState, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at.IsZero() && a.err == nil {
		close(a.first)
	}
	if a.err = err; err == nil {
		a.state, a.at = s, a.now()
	}
}

// readLimit is how long logs are read between two looks.
const readLimit = time.Minute

// read reads compressed logs, the newest first, as long as there is time. One that
// takes longer is read alone.
func (a *archiveWatch) read(ctx context.Context, unread *archived) {
	began := time.Now()
	for unread != nil && time.Since(began) < readLimit && ctx.Err() == nil {
		stalled, cancel := context.WithCancelCause(ctx)
		stall := time.AfterFunc(stallLimit, func() { cancel(errStalled) })
		var next *archived
		s, err := hang.Do(stalled, &a.guard, func() (archiveState, error) {
			err := a.archive.read(stalled, unread, func() { stall.Reset(stallLimit) })
			s := a.archive.state()
			next = a.archive.next(s)
			return s, err
		})
		stall.Stop()
		cancel(nil)
		if err != nil {
			if ctx.Err() == nil {
				a.logger.Warn("a binary log of the archive could not be read", "err", err)
			}
			return
		}
		a.took(s, nil)
		unread = next
	}
}

// found returns what is known of the archive, or why that is nothing. Right after the
// start it waits a moment for the first look, so that a restart makes no gap.
func (a *archiveWatch) found(ctx context.Context) (archiveState, error) {
	wait := time.NewTimer(firstLook - time.Since(a.made))
	defer wait.Stop()
	select {
	case <-a.first:
	case <-wait.C:
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	age := a.now().Sub(a.at)
	switch slow := errors.Is(a.err, hang.ErrLeft) || errors.Is(a.err, hang.ErrBusy) || a.err == nil; {
	case a.at.IsZero() && a.err == nil:
		return a.state, errors.New("not looked at yet")
	case !slow, a.at.IsZero():
		return a.state, a.err
	case age > staleLooks*(binlogsEvery+lookLimit)+readLimit:
		return a.state, errors.Join(fmt.Errorf("last seen %v ago", age.Round(time.Second)), a.err)
	}
	return a.state, nil
}
