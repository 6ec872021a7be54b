// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slowReader is a source with one file to read, which hangs until it is released.
type slowReader struct {
	release chan struct{} // nil: it does not hang
	reads   atomic.Int32
}

func (*slowReader) look(context.Context) (history, error) { return history{}, nil }

func (s *slowReader) readNext(_ context.Context, progress func(read, all int64)) (bool, error) {
	if s.reads.Add(1) > 1 {
		return false, nil
	}
	progress(1, 2)
	if s.release != nil {
		<-s.release // deaf to ctx, as a hung mount is
	}
	return true, nil
}

func TestReadThatHangsLetsOthersReadAndIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung, good := &slowReader{release: make(chan struct{})}, &slowReader{}
		ws := newWatches(Options{}, testEnv(new(clock)).target)
		for _, from := range []source{hung, good} {
			m := plainFiles()
			m.open = func(Backup, *env, *method) source { return from }
			ws.all = append(ws.all, newWatch(Backup{Name: "b"}, m, testEnv(new(clock))))
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			ws.Run(ctx)
			close(ended)
		}()
		time.Sleep(stallLimit / 2)
		time.Sleep(stallLimit)
		synctest.Wait()
		if good.reads.Load() < 2 {
			t.Errorf("the other backup was read %d times", good.reads.Load())
		}
		if n := hung.reads.Load(); n != 1 {
			t.Errorf("a read that hangs was begun %d times", n)
		}
		cancel()
		<-ended // although the read still hangs
		close(hung.release)
	})
}

func TestProgressShowsWhileSomethingIsRead(t *testing.T) {
	var p readingProgress
	if _, known := p.ratio(); known {
		t.Error("progress of nothing")
	}
	p.at(1, 4)
	if ratio, known := p.ratio(); !known || ratio != 0.25 {
		t.Errorf("got %v, %v", ratio, known)
	}
	p.end()
	if _, known := p.ratio(); known {
		t.Error("progress of what has ended")
	}
}
