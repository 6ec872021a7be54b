// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/net"

	"github.com/easy-erp/dbsync/collector"
)

func machine() system { return system{statfs: statfs} }

// node_exporter does not run on Windows: these are its names on Linux, where
// Windows has the same thing. It has no load average.
func (h *host) systemSources() []*source {
	return []*source{
		{name: "memory", families: familiesOf(memoryFields), collect: h.collectMemory},
		{name: "network", families: familiesOf(networkFields), collect: h.collectNetwork},
		{name: "stat", families: []*collector.Family{bootTime}, collect: h.collectBoot},
	}
}

var memoryFields = []field[*mem.VirtualMemoryStat]{
	{gauge("node_memory_MemTotal_bytes", "Memory of the machine.", "GlobalMemoryStatusEx"),
		func(m *mem.VirtualMemoryStat) float64 { return float64(m.Total) }},
	{gauge("node_memory_MemAvailable_bytes", "Memory that programs may still get without swapping.", "GlobalMemoryStatusEx"),
		func(m *mem.VirtualMemoryStat) float64 { return float64(m.Available) }},
}

func (h *host) collectMemory(ctx context.Context, out *collector.Sink) error {
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return err
	}
	emit(out, memoryFields, m)
	return nil
}

func network(what, help string, value func(net.IOCountersStat) uint64) field[net.IOCountersStat] {
	f := counter("node_network_"+what+"_total", help+", by network device.", "GetIfEntry2", "device")
	return field[net.IOCountersStat]{f, func(c net.IOCountersStat) float64 { return float64(value(c)) }}
}

var networkFields = []field[net.IOCountersStat]{
	network("receive_bytes", "Bytes received", func(c net.IOCountersStat) uint64 { return c.BytesRecv }),
	network("receive_packets", "Packets received", func(c net.IOCountersStat) uint64 { return c.PacketsRecv }),
	network("receive_errs", "Errors on receiving", func(c net.IOCountersStat) uint64 { return c.Errin }),
	network("receive_drop", "Received packets dropped", func(c net.IOCountersStat) uint64 { return c.Dropin }),
	network("transmit_bytes", "Bytes sent", func(c net.IOCountersStat) uint64 { return c.BytesSent }),
	network("transmit_packets", "Packets sent", func(c net.IOCountersStat) uint64 { return c.PacketsSent }),
	network("transmit_errs", "Errors on sending", func(c net.IOCountersStat) uint64 { return c.Errout }),
	network("transmit_drop", "Packets to send dropped", func(c net.IOCountersStat) uint64 { return c.Dropout }),
}

func (h *host) collectNetwork(ctx context.Context, out *collector.Sink) error {
	devices, err := net.IOCountersWithContext(ctx, true)
	if err != nil {
		return err
	}
	for _, d := range devices {
		emit(out, networkFields, d, d.Name)
	}
	return nil
}
