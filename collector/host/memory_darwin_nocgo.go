// SPDX-License-Identifier: Apache-2.0

//go:build darwin && !cgo

package host

import (
	"context"

	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/collector"
)

var memoryTotal = gauge("node_memory_total_bytes", "Memory of the machine.", "sysctl hw.memsize")

func memoryFamilies() []*collector.Family { return []*collector.Family{memoryTotal} }

// collectMemory gives what a build without cgo can ask for; for the rest gopsutil
// runs vm_stat, and the exporter runs no program.
func (h *host) collectMemory(_ context.Context, out *collector.Sink) error {
	total, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return err
	}
	out.Emit(memoryTotal, float64(total))
	return nil
}
