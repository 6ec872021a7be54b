// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"sync"
	"time"
)

// Scrapes counts the scrapes of a target that go on, so that what works in the background can stand aside for them.
type Scrapes struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // closed when the last one ends; nil: none goes on
}

// patience is how long work stands aside at once: a scrape that hangs must not end it.
const patience = time.Second

func (s *Scrapes) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n++; s.n == 1 {
		s.none = make(chan struct{})
	}
}

func (s *Scrapes) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n--; s.n == 0 {
		close(s.none)
		s.none = nil
	}
}

// StandAside returns when no scrape goes on, after a second, or when ctx ends. Work that needs a processor for long calls
// it between its steps: the exporter has only one, and a scrape would wait for its turn at each of its statements. Nil
// has no scrapes.
func (s *Scrapes) StandAside(ctx context.Context) {
	if s == nil {
		return
	}
	s.mu.Lock()
	none := s.none
	s.mu.Unlock()
	if none == nil {
		return
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-none:
	case <-limit.C:
	case <-ctx.Done():
	}
}
