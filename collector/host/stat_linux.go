// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"

	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/collector"
)

var statFields = []field[procfs.Stat]{
	{bootTime, func(s procfs.Stat) float64 { return float64(s.BootTime) }},
	{counter("node_intr_total", "Interrupts serviced since boot.", "/proc/stat"),
		func(s procfs.Stat) float64 { return float64(s.IRQTotal) }},
	{counter("node_context_switches_total", "Context switches since boot.", "/proc/stat"),
		func(s procfs.Stat) float64 { return float64(s.ContextSwitches) }},
	{counter("node_forks_total", "Processes and threads started since boot.", "/proc/stat"),
		func(s procfs.Stat) float64 { return float64(s.ProcessCreated) }},
	{gauge("node_procs_running", "Threads that run or could run.", "/proc/stat"),
		func(s procfs.Stat) float64 { return float64(s.ProcessesRunning) }},
	{gauge("node_procs_blocked", "Threads that wait for the disk.", "/proc/stat"),
		func(s procfs.Stat) float64 { return float64(s.ProcessesBlocked) }},
}

// collectStat reads with procfs: in a container gopsutil's boot time is the
// clock less the uptime, which wavers.
func (h *host) collectStat(_ context.Context, out *collector.Sink) error {
	fs, err := h.procfs()
	if err != nil {
		return err
	}
	stat, err := fs.Stat()
	if err != nil {
		return err
	}
	emit(out, statFields, stat)
	return nil
}
