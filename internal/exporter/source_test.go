// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"errors"
	"testing"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

const replicated = `
mysql:
  modules: {default: {user: dbsync, password: "${PASSWORD}"}}
  targets: [{name: primary, address: "127.0.0.1:3306"}, {name: replica, address: "127.0.0.1:3307", source: primary}]
`

// A replica's collectors ask the connection that its source has at the time, through
// reloads that make that anew, and no connection of their own.
func TestSourceIsTheOtherTarget(t *testing.T) {
	seen := make(chan collector.Server, 100)
	r := start(t, replicated, func(o *Options, _ *running) {
		o.definitions = func(p plan, server collector.Server, runs *job.Store) []collector.Definition {
			defs := fakeDefinitions(p, server, runs)
			keep := defs[1].New
			defs[1].New = func(target *collector.Target) collector.Collector {
				if target.Source != nil {
					seen <- target.Source
				} else if p.target.Name == "replica" {
					t.Error("the replica has no source")
				}
				return keep(target)
			}
			return defs
		}
	})
	source := <-seen
	asks := func() error {
		return source.Query(context.Background(), func(collector.Row) error { return nil }, "SELECT 1")
	}
	if err := asks(); err != nil {
		t.Error(err)
	}
	// A window makes the primary anew, and the replica stays.
	r.write(replicated + `maintenance: [{target: primary, start: "2026-12-01T22:00:00Z", duration: 1h}]` + "\n")
	if a := r.reloadByHTTP(); a.code != 200 {
		t.Fatalf("status %d: %s", a.code, a.body)
	}
	r.eventually("the old primary is closed", func() bool {
		closed, _ := r.connected()[0].state()
		return closed
	})
	if err := asks(); err != nil {
		t.Error(err)
	}
	if n := len(r.connected()); n != 3 {
		t.Errorf("%d connections, want those of primary, replica and the new primary", n)
	}
	select {
	case <-seen:
		t.Error("the replica was made anew, too")
	default:
	}
	gone := source
	r.stop()
	r.eventually("it has stopped", func() bool {
		_, err := gone.Facts(context.Background())
		return err != nil && !errors.Is(err, context.Canceled)
	})
}
