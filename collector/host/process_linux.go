// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/collector"
)

var (
	processUp = gauge("dbsync_process_up",
		"Whether a process of this name runs.", "/proc/PID/stat", "process")
	processInstances = gauge("dbsync_process_instances",
		"Processes of this name that run.", "/proc/PID/stat", "process")
	processMemory = gauge("dbsync_process_resident_memory_bytes",
		"Resident memory of all processes of this name.", "/proc/PID/stat", "process")
	processCPU = counter("dbsync_process_cpu_seconds_total",
		"CPU time, user and system, of all processes of this name that run.", "/proc/PID/stat", "process")
	processOpen = gauge("dbsync_process_open_fds",
		"Open files of the process of this name that is nearest to its limit. Absent where the exporter may not count them.",
		"/proc/PID/fd", "process")
	processMax = gauge("dbsync_process_max_fds",
		"Open files that the process of dbsync_process_open_fds may have. Absent with it, and where there is no limit.",
		"/proc/PID/limits", "process")
	processStart = gauge("dbsync_process_start_time_seconds",
		"When the newest process of this name was started, in Unix time.", "/proc/PID/stat and /proc/stat", "process")

	processFamilies = []*collector.Family{
		processUp, processInstances, processMemory, processCPU, processOpen, processMax, processStart,
	}
)

// commLength is how much of a program's name the kernel keeps.
const commLength = 15

// processID tells a process from a later one that got its number.
type processID struct {
	pid   int
	ticks uint64 // from boot to its start
}

// process is one process of a wanted name.
type process struct {
	stat      procfs.ProcStat
	start     float64 // Unix time
	open, max float64
	counted   bool // open is known
	limited   bool // max is known and finite
}

// collectProcesses follows the configured names. Several processes of one name
// are one series: memory and CPU time are summed, the files are those of the
// process nearest to its limit, the start is the newest.
func (h *host) collectProcesses(_ context.Context, out *collector.Sink) error {
	if len(h.opts.Processes) == 0 {
		return collector.Skip(collector.Unconfigured, "name programs in host.processes")
	}
	fs, err := h.procfs()
	if err != nil {
		return err
	}
	found, err := h.findProcesses(fs)
	if err != nil {
		return err
	}
	if h.processesHidden() {
		if len(found) == 0 {
			return collector.Skip(collector.Unprivileged,
				"procfs hides other users' processes (hidepid): run as the server's user, or in its gid= group")
		}
		for name, all := range found { // of the others nobody knows
			emitProcesses(out, name, all)
		}
		return nil
	}
	for _, name := range h.opts.Processes {
		emitProcesses(out, name, found[name])
	}
	return nil
}

// processesHidden reports whether the exporter sees only its own processes: the
// first process is always there.
func (h *host) processesHidden() bool {
	_, err := h.comm(1)
	return err != nil
}

// comm returns the name of a process. It goes without what makes an os.File, which
// halves the cost.
func (h *host) comm(pid int) (string, error) {
	fd, err := unix.Open(h.path("proc")+"/"+strconv.Itoa(pid)+"/comm", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	var name [64]byte
	n, err := unix.Read(fd, name[:])
	_ = unix.Close(fd) // nothing was written
	return strings.TrimSuffix(string(name[:max(n, 0)]), "\n"), err
}

// findProcesses reads the names of the processes, and more of those wanted.
func (h *host) findProcesses(fs procfs.FS) (map[string][]process, error) {
	wanted := make(map[string]string, len(h.opts.Processes)) // by the name as the kernel cuts it
	for _, name := range h.opts.Processes {
		wanted[name[:min(len(name), commLength)]] = name
	}
	pids, err := h.pids()
	if err != nil {
		return nil, err
	}
	others := &h.kept.strangers
	others.begin(h.now())
	found, started := map[string][]process{}, map[processID]float64{}
	for _, pid := range pids {
		if others.known(pid) {
			continue
		}
		comm, err := h.comm(pid)
		if err != nil {
			continue // it has ended, or is hidden
		}
		name, ok := wanted[comm]
		if !ok {
			others.add(pid)
			continue
		}
		one, err := h.readProcess(fs, pid, started)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("process %d (%s): %w", pid, name, err)
		}
		if !strings.Contains("ZX", one.stat.State) { // dead, and not waited for
			found[name] = append(found[name], one)
		}
	}
	others.end()
	h.kept.started = started
	return found, nil
}

// pids lists the processes there are.
func (h *host) pids() ([]int, error) {
	dir, err := os.Open(h.path("proc"))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if name[0] < '1' || '9' < name[0] {
			continue
		}
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// readProcess reads one process and notes its start, which is computed once:
// the boot time that it is reckoned from moves when the clock is set.
func (h *host) readProcess(fs procfs.FS, pid int, started map[processID]float64) (process, error) {
	var one process
	p, err := fs.Proc(pid)
	if err != nil {
		return one, err
	}
	if one.stat, err = p.Stat(); err != nil {
		return one, err
	}
	id := processID{p.PID, one.stat.Starttime}
	start, known := h.kept.started[id]
	if !known {
		if start, err = one.stat.StartTime(); err != nil {
			return one, err
		}
	}
	one.start, started[id] = start, start
	one.readFiles(p)
	return one, nil
}

// readFiles counts the open files, which takes the process' own user or
// CAP_SYS_PTRACE on older kernels.
func (one *process) readFiles(p procfs.Proc) {
	if n, err := p.FileDescriptorsLen(); err == nil {
		one.open, one.counted = float64(n), true
	}
	if limits, err := p.Limits(); err == nil && limits.OpenFiles != 1<<64-1 {
		one.max, one.limited = float64(limits.OpenFiles), true
	}
}

func gone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH)
}

func emitProcesses(out *collector.Sink, name string, all []process) {
	out.Emit(processUp, collector.Bool(len(all) > 0), name)
	out.Emit(processInstances, float64(len(all)), name)
	if len(all) == 0 {
		return
	}
	var memory, seconds, start float64
	for _, p := range all {
		memory += float64(p.stat.ResidentMemory())
		seconds += p.stat.CPUTime()
		start = max(start, p.start)
	}
	out.Emit(processMemory, memory, name)
	out.Emit(processCPU, seconds, name)
	out.Emit(processStart, start, name)
	emitFiles(out, name, all)
}

// emitFiles gives nothing when the files of one process cannot be counted: it
// could be the one nearest to its limit.
func emitFiles(out *collector.Sink, name string, all []process) {
	nearest := all[0]
	for _, p := range all {
		if !p.counted {
			return
		}
		if p.fill() > nearest.fill() {
			nearest = p
		}
	}
	out.Emit(processOpen, nearest.open, name)
	if nearest.limited {
		out.Emit(processMax, nearest.max, name)
	}
}

// fill is how much of its limit a process uses; 0 without a limit.
func (one process) fill() float64 {
	if !one.limited || one.max == 0 {
		return 0
	}
	return one.open / one.max
}
