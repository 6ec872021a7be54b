// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/easy-erp/dbsync/internal/follow"
	"github.com/easy-erp/dbsync/internal/hang"
)

// rotating is how long a path may have no file: a rotation takes a moment.
const rotating = time.Minute

// counts is what is counted of a log's lines.
type counts[C any] interface {
	count(line []byte)
	clone() C
}

// tail is a log that is followed, and what was counted of it. Only one goroutine
// at a time uses it: the guard sees to that.
type tail[C counts[C]] struct {
	guard    hang.Guard
	path     string
	keep     string // the state file; empty: nothing is kept
	now      func() time.Time
	follower *follow.Follower
	state    state[C]
	there    time.Time // when the log was last there; zero: never
}

// state is what is kept across restarts.
type state[C any] struct {
	Position follow.Position `json:"position"`
	Newest   time.Time       `json:"newest"`
	Counts   C               `json:"counts"`
}

// reading is what a read gives: a copy, that the reader may keep.
type reading[C any] struct {
	counts  C
	newest  time.Time // of the newest line; zero: there was none
	backlog int64     // bytes
	stats   follow.Stats
	kept    error // why the state could not be kept
}

func newTail[C counts[C]](path, stateDir, name string, empty C, now func() time.Time) *tail[C] {
	t := &tail[C]{path: path, now: now, state: state[C]{Counts: empty}}
	if stateDir != "" {
		t.keep = filepath.Join(stateDir, name+".json")
	}
	return t
}

// read counts what is new. It gives up when ctx ends, even while the file system
// does not answer.
func (t *tail[C]) read(ctx context.Context) (reading[C], error) {
	return hang.Do(ctx, &t.guard, func() (reading[C], error) { return t.advance(ctx) })
}

func (t *tail[C]) advance(ctx context.Context) (reading[C], error) {
	if t.follower == nil {
		if err := t.begin(); err != nil {
			return reading[C]{}, err
		}
	}
	result, err := t.follower.Read(ctx, math.MaxInt64, t.state.Counts.count)
	if !result.Newest.IsZero() {
		t.state.Newest = result.Newest
	}
	if err = t.tolerate(ctx, err); err != nil {
		return reading[C]{}, err
	}
	r := reading[C]{
		counts: t.state.Counts.clone(), newest: t.state.Newest, backlog: result.Backlog, stats: t.follower.Stats(),
	}
	if t.keep != "" && (result.Bytes > 0 || t.state.Position.Files == nil) {
		t.state.Position = t.follower.Position()
		r.kept = writeState(t.keep, t.state)
	}
	return r, nil
}

// begin goes on where the state says, or with what is new.
func (t *tail[C]) begin() error {
	var from *follow.Position
	if t.keep != "" {
		found, err := readState(t.keep, &t.state)
		if err != nil {
			return err
		}
		if found {
			from = &t.state.Position
		}
	}
	t.follower = follow.New(t.path, follow.Options{From: from, Now: t.now})
	return nil
}

// tolerate passes over what is no failure: the end of the time while there is a
// backlog, which the next read goes on with, and a rotation that is under way.
func (t *tail[C]) tolerate(ctx context.Context, err error) error {
	switch {
	case err == nil:
		t.there = t.now()
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return nil
	case errors.Is(err, os.ErrNotExist) && t.now().Sub(t.there) < rotating:
		return nil
	}
	return err
}

// readState reads a state file; false when there is none yet.
func readState(path string, into any) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return false, fmt.Errorf("state file %s is broken, remove it to begin anew: %w", path, err)
	}
	return true, nil
}

// writeState replaces a state file as a whole. It is not synced to the disk each
// second: after a crash of the machine an older state may be there.
func writeState(path string, s any) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	next := path + ".new"
	if err := os.WriteFile(next, text, 0o640); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return os.Rename(next, path)
}
