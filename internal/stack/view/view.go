// SPDX-License-Identifier: Apache-2.0

//go:build unix

package view

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/internal/stack"
)

// keptEvents is more than fits on a screen.
const keptEvents = 200

// View shows a stack. It observes from before the start: pass Observe to the stack's options.
type View struct {
	Out      io.Writer
	Terminal *Terminal // nil: a line per event
	Pace     float64

	mu     sync.Mutex
	drawn  bool // a screen is being drawn: events are not printed as lines
	events []stack.Event
}

// Observe takes an event of the stack.
func (v *View) Observe(e stack.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.events = append(v.events, e)
	if more := len(v.events) - keptEvents; more > 0 {
		v.events = append(v.events[:0:0], v.events[more:]...)
	}
	if !v.drawn {
		fmt.Fprintln(v.Out, Text(e))
	}
}

// Show shows the stack until ctx ends or the person who watches asks to end.
func (v *View) Show(ctx context.Context, s *stack.Stack) error {
	began := time.Now()
	if v.Terminal == nil {
		v.print(Summary(v.scene(ctx, s, began)))
		<-ctx.Done()
		return nil
	}
	keys, restore, err := v.Terminal.open()
	if err != nil {
		return err
	}
	v.setDrawn(true)
	defer func() {
		restore()
		v.setDrawn(false)
	}()
	return v.draw(ctx, s, began, keys)
}

func (v *View) draw(ctx context.Context, s *stack.Stack, began time.Time, keys <-chan byte) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var acting sync.WaitGroup
	defer acting.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for {
		width, height := v.Terminal.size()
		v.Terminal.draw(Frame(v.scene(ctx, s, began), width, height))
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case key := <-keys:
			if key == 'q' {
				return nil
			}
			acting.Go(func() { v.act(ctx, s, key) })
		}
	}
}

// act does what a key stands for. An error is an event like others.
func (v *View) act(ctx context.Context, s *stack.Stack, key byte) {
	var err error
	faults := s.Faults()
	switch {
	case key == 'h':
		err = s.Heal(ctx)
	case key == 'b':
		err = s.Break(ctx, faults[0].Name)
	case key >= '1' && int(key-'1') < len(faults):
		err = s.Break(ctx, faults[key-'1'].Name)
	}
	if err != nil && ctx.Err() == nil {
		v.Observe(stack.Event{At: time.Now(), Source: "fault", Text: err.Error()})
	}
}

func (v *View) scene(ctx context.Context, s *stack.Stack, began time.Time) Scene {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	state := s.State(ctx)
	v.mu.Lock()
	defer v.mu.Unlock()
	return Scene{
		State: state, Events: append([]stack.Event(nil), v.events...), Now: time.Now(), Began: began, Pace: v.Pace,
	}
}

func (v *View) print(lines []Line) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, line := range lines {
		fmt.Fprintln(v.Out, line)
	}
}

func (v *View) setDrawn(drawn bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.drawn = drawn
}
