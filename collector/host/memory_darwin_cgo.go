// SPDX-License-Identifier: Apache-2.0

//go:build darwin && cgo

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/mem"

	"github.com/easy-erp/dbsync/collector"
)

var memoryFields = []field[*mem.VirtualMemoryStat]{
	{gauge("node_memory_total_bytes", "Memory of the machine.", "sysctl hw.memsize"),
		func(m *mem.VirtualMemoryStat) float64 { return float64(m.Total) }},
	{gauge("node_memory_free_bytes", "Memory that nothing uses.", "host_statistics(3)"),
		func(m *mem.VirtualMemoryStat) float64 { return float64(m.Free) }},
	{gauge("node_memory_active_bytes", "Memory used lately.", "host_statistics(3)"),
		func(m *mem.VirtualMemoryStat) float64 { return float64(m.Active) }},
	{gauge("node_memory_inactive_bytes", "Memory not used lately.", "host_statistics(3)"),
		func(m *mem.VirtualMemoryStat) float64 { return float64(m.Inactive) }},
	{gauge("node_memory_wired_bytes", "Memory that cannot be swapped.", "host_statistics(3)"),
		func(m *mem.VirtualMemoryStat) float64 { return float64(m.Wired) }},
}

func memoryFamilies() []*collector.Family { return familiesOf(memoryFields) }

func (h *host) collectMemory(ctx context.Context, out *collector.Sink) error {
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return err
	}
	emit(out, memoryFields, m)
	return nil
}
