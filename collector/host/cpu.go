// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"runtime"
	"strings"

	"github.com/shirou/gopsutil/v3/cpu"

	"github.com/easy-erp/dbsync/collector"
)

var (
	cpuSeconds = counter("node_cpu_seconds_total",
		"Seconds that each CPU spent in each mode.", "/proc/stat", "cpu", "mode")
	cpuGuestSeconds = counter("node_cpu_guest_seconds_total",
		"Seconds that each CPU ran virtual machines; they are in user and nice of node_cpu_seconds_total too.",
		"/proc/stat", "cpu", "mode")
	cpuFamilies = []*collector.Family{cpuSeconds, cpuGuestSeconds}
)

// idleReset is by how many seconds idle time may go back before the CPU counts
// as another one, plugged in anew.
const idleReset = 3

func (h *host) collectCPU(ctx context.Context, out *collector.Sink) error {
	all, err := cpu.TimesWithContext(h.gopsutil(ctx), true)
	if err != nil && runtime.GOOS == "darwin" {
		return collector.Skip(collector.Unsupported, "build for macOS with cgo (%v)", err)
	}
	if err != nil {
		return err
	}
	if len(all) == 0 { // how gopsutil says that it could not read the file
		return errors.New("no CPU found: is procfs mounted below the root?")
	}
	now := make(map[string]cpu.TimesStat, len(all))
	for _, read := range all {
		t := forward(h.cpus[read.CPU], read)
		now[read.CPU] = t
		emitCPU(out, strings.TrimPrefix(t.CPU, "cpu"), t)
	}
	h.cpus = now
	return nil
}

// forward returns the times as they were read, less what went back: Linux takes
// back some idle and iowait time, which a counter must not show.
func forward(before, read cpu.TimesStat) cpu.TimesStat {
	if before.Idle-read.Idle >= idleReset {
		return read
	}
	return cpu.TimesStat{
		CPU:  read.CPU,
		User: max(before.User, read.User), Nice: max(before.Nice, read.Nice),
		System: max(before.System, read.System), Idle: max(before.Idle, read.Idle),
		Iowait: max(before.Iowait, read.Iowait), Steal: max(before.Steal, read.Steal),
		Irq: max(before.Irq, read.Irq), Softirq: max(before.Softirq, read.Softirq),
		Guest: max(before.Guest, read.Guest), GuestNice: max(before.GuestNice, read.GuestNice),
	}
}

// emitCPU gives the modes that the operating system tells apart.
func emitCPU(out *collector.Sink, name string, t cpu.TimesStat) {
	out.Emit(cpuSeconds, t.User, name, "user")
	out.Emit(cpuSeconds, t.System, name, "system")
	out.Emit(cpuSeconds, t.Idle, name, "idle")
	if runtime.GOOS != "windows" {
		out.Emit(cpuSeconds, t.Nice, name, "nice")
	}
	if runtime.GOOS != "darwin" {
		out.Emit(cpuSeconds, t.Irq, name, "irq")
	}
	if runtime.GOOS != "linux" {
		return
	}
	out.Emit(cpuSeconds, t.Iowait, name, "iowait")
	out.Emit(cpuSeconds, t.Softirq, name, "softirq")
	out.Emit(cpuSeconds, t.Steal, name, "steal")
	out.Emit(cpuGuestSeconds, t.Guest, name, "user")
	out.Emit(cpuGuestSeconds, t.GuestNice, name, "nice")
}
