// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/mem"

	"github.com/easy-erp/dbsync/collector"
)

func machine() system { return system{statfs: statfs, uname: readUname} }

// The network is left out: gopsutil runs netstat for it, and the exporter runs
// no program.
func (h *host) systemSources() []*source {
	return []*source{
		{name: "load", families: familiesOf(loadFields), collect: h.collectLoad},
		{name: "memory", families: memoryFamilies(), collect: h.collectMemory},
		{name: "swap", families: familiesOf(swapFields), collect: h.collectSwap},
		{name: "stat", families: []*collector.Family{bootTime}, collect: h.collectBoot},
		{name: "uname", families: []*collector.Family{unameInfo}, collect: h.collectUname},
	}
}

var swapFields = []field[*mem.SwapMemoryStat]{
	{gauge("node_memory_swap_total_bytes", "Swap space.", "sysctl vm.swapusage"),
		func(s *mem.SwapMemoryStat) float64 { return float64(s.Total) }},
	{gauge("node_memory_swap_used_bytes", "Swap space in use.", "sysctl vm.swapusage"),
		func(s *mem.SwapMemoryStat) float64 { return float64(s.Used) }},
}

func (h *host) collectSwap(ctx context.Context, out *collector.Sink) error {
	swap, err := mem.SwapMemoryWithContext(ctx)
	if err != nil {
		return err
	}
	emit(out, swapFields, swap)
	return nil
}
