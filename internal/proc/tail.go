// SPDX-License-Identifier: Apache-2.0

//go:build unix

package proc

import "sync"

// tail is a writer that keeps the last bytes written to it.
type tail struct {
	mu    sync.Mutex
	limit int
	kept  []byte
	cut   bool
}

func newTail(limit int) *tail { return &tail{limit: limit} }

// Write never fails and never blocks. The buffer grows to twice the limit before its older half is dropped, so that
// a chatty child does not cost a copy per line.
func (t *tail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, data...)
	if len(t.kept) > 2*t.limit {
		t.kept = append([]byte(nil), t.kept[len(t.kept)-t.limit:]...)
		t.cut = true
	}
	return len(data), nil
}

// String returns at most the limit's bytes, and says so when there were more.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	over := len(t.kept) - t.limit
	if over > 0 {
		return "[...]" + string(t.kept[over:])
	}
	if t.cut {
		return "[...]" + string(t.kept)
	}
	return string(t.kept)
}
