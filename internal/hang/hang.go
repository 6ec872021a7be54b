// SPDX-License-Identifier: Apache-2.0

// Package hang calls what may never return, such as a read from a dead mount,
// at the price of one goroutine at most.
package hang

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

var (
	// ErrLeft says that a call did not return in time and was left behind.
	ErrLeft = errors.New("left behind: the file system did not answer in time")
	// ErrBusy says that an earlier call has not returned yet, so that none was made.
	ErrBusy = errors.New("not read: the file system has not answered an earlier read yet")
)

// Guard stands before one thing that may hang. The zero value is ready.
type Guard struct{ busy atomic.Bool }

// Do calls f in a goroutine of its own and waits for it until ctx ends. A call
// that was left behind keeps the guard: until it returns, Do fails with ErrBusy.
// Calls through one guard never overlap, so f may keep what only f uses. A panic
// of f is returned as an error.
func Do[T any](ctx context.Context, g *Guard, f func() (T, error)) (T, error) {
	var none T
	if !g.busy.CompareAndSwap(false, true) {
		return none, ErrBusy
	}
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1) // room: nobody may be waiting any more
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
			g.busy.Store(false)
			answers <- a
		}()
		a.value, a.err = f()
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		return none, fmt.Errorf("%w (%w)", ErrLeft, context.Cause(ctx))
	}
}
