// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"os"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/collector"
)

// pressure is what is told of a resource: some (a task waited) and full (all
// that could have run waited).
type pressure struct {
	resource   string
	some, full *collector.Family
}

func pressureOf(resource, name, what string) *collector.Family {
	return counter("node_pressure_"+name+"_seconds_total", "Seconds in which "+what+".", "/proc/pressure/"+resource)
}

// What the kernel gives of cpu's full has no meaning for the whole machine, and
// irq has no some.
var pressures = []pressure{
	{"cpu", pressureOf("cpu", "cpu_waiting", "a task waited for a CPU"), nil},
	{"io", pressureOf("io", "io_waiting", "a task waited for the disk"),
		pressureOf("io", "io_stalled", "every task that was not idle waited for the disk")},
	{"memory", pressureOf("memory", "memory_waiting", "a task waited for memory"),
		pressureOf("memory", "memory_stalled", "every task that was not idle waited for memory")},
	{"irq", nil, pressureOf("irq", "irq_stalled", "every task that was not idle waited for interrupts")},
}

func pressureFamilies() []*collector.Family {
	var all []*collector.Family
	for _, p := range pressures {
		for _, f := range []*collector.Family{p.some, p.full} {
			if f != nil {
				all = append(all, f)
			}
		}
	}
	return all
}

// collectPressure gives what the kernel has: since 4.20, irq since 6.1, and none
// of it where it was built or started without.
func (h *host) collectPressure(_ context.Context, out *collector.Sink) error {
	fs, err := h.procfs()
	if err != nil {
		return err
	}
	found := false
	for _, p := range pressures {
		stats, err := fs.PSIStatsForResource(p.resource)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.EOPNOTSUPP) {
			continue
		}
		if err != nil {
			return err
		}
		found = emitPressure(out, p.some, stats.Some) || found
		found = emitPressure(out, p.full, stats.Full) || found
	}
	if !found {
		return collector.Skip(collector.Unsupported, "boot a kernel 4.20 or later with psi=1")
	}
	return nil
}

// emitPressure reports whether there was something to give. The kernel counts
// microseconds.
func emitPressure(out *collector.Sink, f *collector.Family, line *procfs.PSILine) bool {
	if f == nil || line == nil {
		return false
	}
	out.Emit(f, float64(line.Total)/1e6)
	return true
}
