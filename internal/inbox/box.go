// SPDX-License-Identifier: Apache-2.0

// Package inbox receives notifications and remembers them: a mail server and an HTTP receiver on the loopback
// interface, for tests and for `dbsyncctl up`, where they stand in for the mail server, Slack and the webhooks that an
// installation would have. Nothing is passed on.
package inbox

import (
	"context"
	"sync"
)

// capacity bounds how many messages a box keeps; the oldest go first.
const capacity = 1000

// maxSize bounds one message, in bytes.
const maxSize = 1 << 20

// box keeps the messages of one receiver in the order of their arrival.
type box[T any] struct {
	mu      sync.Mutex
	kept    []T
	changed chan struct{} // closed and replaced by every arrival
}

func newBox[T any]() *box[T] { return &box[T]{changed: make(chan struct{})} }

func (b *box[T]) add(message T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.kept) == capacity {
		b.kept = append(b.kept[:0:0], b.kept[1:]...)
	}
	b.kept = append(b.kept, message)
	close(b.changed)
	b.changed = make(chan struct{})
}

// All returns the messages kept, the oldest first.
func (b *box[T]) All() []T {
	kept, _ := b.look()
	return kept
}

// Clear forgets all messages.
func (b *box[T]) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = nil
}

// Wait returns the first message, kept or still to come, that matches. It fails only when ctx ends.
func (b *box[T]) Wait(ctx context.Context, match func(T) bool) (T, error) {
	for {
		kept, changed := b.look()
		for _, message := range kept {
			if match(message) {
				return message, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
	}
}

func (b *box[T]) look() ([]T, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]T(nil), b.kept...), b.changed
}
