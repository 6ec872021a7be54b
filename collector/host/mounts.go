// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errDead is the error of a mount that did not answer in time. Its text is the
// value of the device_error label that node_exporter gives.
var errDead = errors.New("mountpoint timeout")

// usage is how full a file system is.
type usage struct {
	size, free, avail float64 // bytes; avail is what an ordinary user may still write
	files, filesFree  float64 // inodes
	noFiles           bool    // the operating system counts none
}

// mounts asks mounts how full they are. statfs on a dead network mount does not
// return, and cannot be cancelled: the goroutine of such a call is left behind,
// and nobody asks that mount again until it has returned.
type mounts struct {
	statfs  func(path string) (usage, error)
	timeout time.Duration // how long a call may take before the mount is dead

	mu    sync.Mutex
	calls map[string]*call // by path: those that have not returned
}

// call is a statfs call that may have returned.
type call struct {
	start  time.Time
	done   chan struct{}
	result usage // set before done is closed
	err    error // likewise
}

// begin starts to ask, unless an earlier call for the path is still going on,
// which is returned then.
func (m *mounts) begin(path string) *call {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.calls[path]; c != nil {
		return c
	}
	c := &call{start: time.Now(), done: make(chan struct{})}
	m.calls[path] = c
	go func() {
		c.result, c.err = m.statfs(path)
		m.mu.Lock()
		delete(m.calls, path)
		m.mu.Unlock()
		close(c.done)
	}()
	return c
}

// wait returns the answer, or errDead when the call has been going on for the
// timeout, be it for this collection or an earlier one.
func (m *mounts) wait(ctx context.Context, c *call) (usage, error) {
	select {
	case <-c.done: // however late: it lives
		return c.result, c.err
	default:
	}
	late := time.NewTimer(m.timeout - time.Since(c.start))
	defer late.Stop()
	select {
	case <-c.done:
		return c.result, c.err
	case <-late.C:
		return usage{}, errDead
	case <-ctx.Done():
		return usage{}, context.Cause(ctx)
	}
}
