// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// maxVisitors bounds the free-form targets that are kept with their
	// connections between two probes.
	maxVisitors = 100
	// visitorAge is how long one is kept that nobody probes: longer than any
	// scrape interval that makes sense.
	visitorAge = 5 * time.Minute
)

// visitors are the free-form targets that were probed lately.
type visitors struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[visitorKey]*visitor
	drained bool
}

type visitorKey struct{ address, module string }

type visitor struct {
	*target
	used time.Time
}

func newVisitors(now func() time.Time) *visitors {
	return &visitors{now: now, entries: map[visitorKey]*visitor{}}
}

// get returns the target of the key, made when there is none yet, and what had to
// make room for it. It fails when all places are taken by probes in progress.
func (v *visitors) get(key visitorKey, build func() (*target, error)) (t, evicted *target, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if known := v.entries[key]; known != nil {
		known.used = v.now()
		return known.target, nil, nil
	}
	if v.drained {
		return nil, nil, errGone
	}
	if len(v.entries) >= maxVisitors {
		if evicted = v.evict(); evicted == nil {
			return nil, nil, failure(unavailable, "%d free-form targets are being probed at this moment: name the targets in the configuration", maxVisitors)
		}
	}
	if t, err = build(); err != nil {
		return nil, evicted, err
	}
	v.entries[key] = &visitor{t, v.now()}
	return t, evicted, nil
}

// evict removes the idle target that was not used for the longest time; nil when
// none is idle.
func (v *visitors) evict() *target {
	var oldest visitorKey
	var found *visitor
	for key, one := range v.entries {
		if one.idle() && (found == nil || one.used.Before(found.used)) {
			oldest, found = key, one
		}
	}
	if found == nil {
		return nil
	}
	delete(v.entries, oldest)
	return found.target
}

// expired removes and returns the targets that nobody has used for long.
func (v *visitors) expired() []*target {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []*target
	for key, one := range v.entries {
		if one.idle() && v.now().Sub(one.used) > visitorAge {
			delete(v.entries, key)
			out = append(out, one.target)
		}
	}
	return out
}

// drain removes and returns all targets. None is made afterwards.
func (v *visitors) drain() []*target {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []*target
	for one := range maps.Values(v.entries) {
		out = append(out, one.target)
	}
	v.entries, v.drained = nil, true
	return slices.Clip(out)
}

func (v *visitors) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.entries)
}
