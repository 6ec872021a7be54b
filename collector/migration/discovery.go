// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"context"

	"github.com/easy-erp/dbsync/collector"
)

var (
	historiesFound = &collector.Family{
		Name: "dbsync_migration_histories", Labels: []string{"tool"},
		Help:   "History tables that the account can read, by the tool that made them.",
		Source: "information_schema.TABLES, information_schema.COLUMNS",
	}
	discoveryFamilies = []*collector.Family{historiesFound}
)

// discovery is the background collector that renews the catalog.
type discovery struct {
	catalog *catalog
	target  *collector.Target
}

func (d discovery) Collect(ctx context.Context, out *collector.Sink) error {
	if !d.catalog.discover && len(d.catalog.configured) == 0 {
		return collector.Skip(collector.Unconfigured, "set migrations.discover to true, or name migrations.histories")
	}
	places, err := d.catalog.renew(ctx, d.target.Server)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for _, p := range places {
		if p.visible {
			count[p.tool.name]++
		}
	}
	for _, name := range Tools() {
		out.Emit(historiesFound, float64(count[name]), name)
	}
	return nil
}
