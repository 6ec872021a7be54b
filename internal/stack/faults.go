// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is something that can be broken on purpose and healed again.
type Fault struct {
	Name   string
	Help   string   // what is broken
	Heal   string   // what heals it
	Alerts []string // the alerts that tell of it
}

// FaultState is a fault of a running stack.
type FaultState struct {
	Fault
	Since       time.Time // when it was broken; zero: it is whole
	Unavailable string    // why it cannot be broken here
}

// AllFaults lists what can be broken.
func AllFaults() []Fault {
	var all []Fault
	for _, k := range kinds() {
		all = append(all, k.Fault)
	}
	return all
}

// kind is a fault and what makes and heals it.
type kind struct {
	Fault
	make func(*Stack, context.Context) error
	heal func(*Stack, context.Context) error
	// possible says why it cannot be made here. nil: it always can.
	possible func(*Stack) error
}

// kinds is the one list of faults.
func kinds() []kind {
	return []kind{migrationFault(), backupFault(), connectionsFault(), diskFault(), serverFault(), lockFault()}
}

// faults are those of a running stack.
type faults struct {
	mu    sync.Mutex // one fault is made or healed at a time
	kinds []kind
	state sync.Mutex // guards since
	since map[string]time.Time
}

func (s *Stack) prepareFaults() error {
	s.faults = &faults{kinds: kinds(), since: map[string]time.Time{}}
	s.atEnd(s.releaseConnections)
	s.atEnd(s.clearJam)
	return nil
}

// Faults lists what can be broken here, and what is.
func (s *Stack) Faults() []FaultState {
	s.faults.state.Lock()
	defer s.faults.state.Unlock()
	var all []FaultState
	for _, k := range s.faults.kinds {
		state := FaultState{Fault: k.Fault, Since: s.faults.since[k.Name]}
		if err := s.possible(k); err != nil {
			state.Unavailable = err.Error()
		}
		all = append(all, state)
	}
	return all
}

func (s *Stack) possible(k kind) error {
	if s.company == nil {
		return errors.New("nothing is broken on a server of yours")
	}
	if k.possible == nil {
		return nil
	}
	return k.possible(s)
}

// Break breaks something on purpose. What is broken already is left alone.
func (s *Stack) Break(ctx context.Context, name string) error {
	k, err := s.faults.kind(name)
	if err != nil {
		return err
	}
	if err := s.possible(k); err != nil {
		return fmt.Errorf("cannot break %s: %w", name, err)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.broken(name) {
		return nil
	}
	s.say("fault", "break %s: %s", name, k.Help)
	if err := k.make(s, ctx); err != nil {
		return fmt.Errorf("break %s: %w", name, err)
	}
	now := time.Now()
	s.onset.broke(k.Alerts, now)
	s.faults.set(name, now)
	return nil
}

// Heal heals everything that was broken on purpose. What keeps others from their work is healed before them: it comes
// last in the list of faults.
func (s *Stack) Heal(ctx context.Context) error {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	var errs []error
	for _, k := range slices.Backward(s.faults.kinds) {
		if s.faults.broken(k.Name) {
			errs = append(errs, s.healOne(ctx, k))
		}
	}
	return errors.Join(errs...)
}

func (s *Stack) healOne(ctx context.Context, k kind) error {
	s.say("fault", "heal %s: %s", k.Name, k.Heal)
	if err := k.heal(s, ctx); err != nil {
		return fmt.Errorf("heal %s: %w", k.Name, err)
	}
	s.onset.heal(k.Alerts, time.Now())
	s.faults.set(k.Name, time.Time{})
	return nil
}

func (f *faults) kind(name string) (kind, error) {
	var names []string
	for _, k := range f.kinds {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return kind{}, fmt.Errorf("nothing is called %q, want one of %s", name, strings.Join(names, ", "))
}

func (f *faults) broken(name string) bool {
	f.state.Lock()
	defer f.state.Unlock()
	return !f.since[name].IsZero()
}

func (f *faults) set(name string, since time.Time) {
	f.state.Lock()
	defer f.state.Unlock()
	f.since[name] = since
}
