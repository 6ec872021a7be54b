// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"slices"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/config"
)

var maintenanceActive = &collector.Family{
	Name:   "dbsync_maintenance_active",
	Help:   "Whether a maintenance window of the target is open.",
	Source: "maintenance in the configuration",
}

// maintenance declares the collector of a target's maintenance windows. Its
// series is always there, so that rules can say "unless dbsync_maintenance_active == 1".
func maintenance(windows []config.Window) collector.Definition {
	return collector.Definition{
		Name: "maintenance", Help: "Whether planned work is going on.", Default: true,
		Cost: "Nothing.", Families: []*collector.Family{maintenanceActive},
		New: func(t *collector.Target) collector.Collector {
			return collector.Func(func(_ context.Context, out *collector.Sink) error {
				open := slices.ContainsFunc(windows, func(w config.Window) bool { return w.Open(t.Now()) })
				out.Emit(maintenanceActive, collector.Bool(open))
				return nil
			})
		},
	}
}
