// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"

	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/collector"
)

func network(what, help string, value func(procfs.NetDevLine) uint64) field[procfs.NetDevLine] {
	f := counter("node_network_"+what+"_total", help+", by network device.", "/proc/net/dev", "device")
	return field[procfs.NetDevLine]{f, func(l procfs.NetDevLine) float64 { return float64(value(l)) }}
}

var networkFields = []field[procfs.NetDevLine]{
	network("receive_bytes", "Bytes received", func(l procfs.NetDevLine) uint64 { return l.RxBytes }),
	network("receive_packets", "Packets received", func(l procfs.NetDevLine) uint64 { return l.RxPackets }),
	network("receive_errs", "Errors on receiving", func(l procfs.NetDevLine) uint64 { return l.RxErrors }),
	network("receive_drop", "Received packets dropped", func(l procfs.NetDevLine) uint64 { return l.RxDropped }),
	network("receive_fifo", "Receive buffers overrun", func(l procfs.NetDevLine) uint64 { return l.RxFIFO }),
	network("receive_frame", "Framing errors on receiving", func(l procfs.NetDevLine) uint64 { return l.RxFrame }),
	network("receive_compressed", "Compressed packets received", func(l procfs.NetDevLine) uint64 { return l.RxCompressed }),
	network("receive_multicast", "Multicast packets received", func(l procfs.NetDevLine) uint64 { return l.RxMulticast }),
	network("transmit_bytes", "Bytes sent", func(l procfs.NetDevLine) uint64 { return l.TxBytes }),
	network("transmit_packets", "Packets sent", func(l procfs.NetDevLine) uint64 { return l.TxPackets }),
	network("transmit_errs", "Errors on sending", func(l procfs.NetDevLine) uint64 { return l.TxErrors }),
	network("transmit_drop", "Packets to send dropped", func(l procfs.NetDevLine) uint64 { return l.TxDropped }),
	network("transmit_fifo", "Send buffers overrun", func(l procfs.NetDevLine) uint64 { return l.TxFIFO }),
	network("transmit_colls", "Collisions", func(l procfs.NetDevLine) uint64 { return l.TxCollisions }),
	network("transmit_carrier", "Losses of the carrier", func(l procfs.NetDevLine) uint64 { return l.TxCarrier }),
	network("transmit_compressed", "Compressed packets sent", func(l procfs.NetDevLine) uint64 { return l.TxCompressed }),
}

// collectNetwork gives every device, as node_exporter does by default. It reads
// with procfs: gopsutil has no framing, compressed or multicast counts.
func (h *host) collectNetwork(_ context.Context, out *collector.Sink) error {
	fs, err := h.procfs()
	if err != nil {
		return err
	}
	devices, err := fs.NetDev()
	if err != nil {
		return err
	}
	for _, d := range devices {
		emit(out, networkFields, d, d.Name)
	}
	return nil
}
