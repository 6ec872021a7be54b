// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin || freebsd

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/load"

	"github.com/easy-erp/dbsync/collector"
)

const loadHelp = "Processes that ran, or waited to run or for the disk, on average of "

// Windows is left out: gopsutil makes its load averages up.
var loadFields = []field[*load.AvgStat]{
	{gauge("node_load1", loadHelp+"1 minute.", "/proc/loadavg"), func(a *load.AvgStat) float64 { return a.Load1 }},
	{gauge("node_load5", loadHelp+"5 minutes.", "/proc/loadavg"), func(a *load.AvgStat) float64 { return a.Load5 }},
	{gauge("node_load15", loadHelp+"15 minutes.", "/proc/loadavg"), func(a *load.AvgStat) float64 { return a.Load15 }},
}

func (h *host) collectLoad(ctx context.Context, out *collector.Sink) error {
	avg, err := load.AvgWithContext(h.gopsutil(ctx))
	if err != nil {
		return err
	}
	emit(out, loadFields, avg)
	return nil
}
