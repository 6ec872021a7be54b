// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testenv

import (
	"testing"
	"time"
)

// Eventually polls a condition until it returns nil. When the time is over it fails the test with the last error, which
// should therefore say what is, not only that it is wrong.
func Eventually(t testing.TB, within time.Duration, what string, condition func() error) {
	t.Helper()
	const interval = 20 * time.Millisecond
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s; last: %v", within, what, err)
		}
	}
}
