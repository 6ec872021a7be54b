// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"sync"
	"time"
)

// onsets remember when something was broken and healed on purpose, by the alerts that tell of it.
type onsets struct {
	mu     sync.Mutex
	broken map[string]time.Time
	healed map[string]time.Time
}

func newOnsets() *onsets {
	return &onsets{broken: map[string]time.Time{}, healed: map[string]time.Time{}}
}

func (o *onsets) broke(alerts []string, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, alert := range alerts {
		o.broken[alert] = at
		delete(o.healed, alert)
	}
}

func (o *onsets) heal(alerts []string, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, alert := range alerts {
		o.healed[alert] = at
	}
}

// delay is how long after the cause a notification came, when the cause is one of ours.
func (o *onsets) delay(d Delivery) (time.Duration, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, ok := o.broken[d.Alert]
	if d.Over() {
		at, ok = o.healed[d.Alert]
	}
	return d.At.Sub(at), ok
}
