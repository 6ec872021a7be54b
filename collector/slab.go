// SPDX-License-Identifier: Apache-2.0

package collector

// slab hands out zero values that are allocated many at a time, for things that
// are made by the thousand and end together.
type slab[T any] struct {
	free []T
	last int // size of the newest chunk
}

const (
	firstChunk = 8
	lastChunk  = 64 // snapshots stay, and what is left of their last chunks with them
)

// slabOf has n values ready.
func slabOf[T any](n int) slab[T] { return slab[T]{free: make([]T, n)} }

// one returns a pointer to a value of its own.
func (s *slab[T]) one() *T { return &s.some(1)[0] }

// some returns n values that lie side by side.
func (s *slab[T]) some(n int) []T {
	if n > len(s.free) {
		s.last = min(max(firstChunk, 2*s.last), lastChunk)
		s.free = make([]T, max(n, s.last))
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}
