// SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"strings"
	"sync"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/collector"
)

func machine() system {
	return system{statfs: statfs, uname: readUname, clock: readClock}
}

func (h *host) systemSources() []*source {
	return []*source{
		{name: "load", families: familiesOf(loadFields), collect: h.collectLoad},
		{name: "memory", families: memoryFamilies(), collect: h.collectMemory},
		{name: "vmstat", families: vmstatFamilies(), collect: h.collectVMStat},
		{name: "disk", families: diskFamilies(), collect: h.collectDisks},
		{name: "network", families: familiesOf(networkFields), collect: h.collectNetwork},
		{name: "stat", families: familiesOf(statFields), collect: h.collectStat},
		{name: "filefd", families: []*collector.Family{filesAllocated, filesMaximum}, collect: h.collectFiles},
		{name: "conntrack", families: []*collector.Family{conntrackEntries, conntrackLimit}, collect: h.collectConntrack},
		{name: "pressure", families: pressureFamilies(), collect: h.collectPressure},
		{name: "uname", families: []*collector.Family{unameInfo}, collect: h.collectUname},
		{name: "os", families: []*collector.Family{osInfo, osVersion}, collect: h.collectOS},
		{name: "timex", families: familiesOf(clockFields), collect: h.collectClock},
		{name: "processes", families: processFamilies, collect: h.collectProcesses},
		{name: "cgroup", families: cgroupFamilies, collect: h.collectCgroup},
	}
}

// remembered is what the sources keep from one collection to the next.
type remembered struct {
	started   map[processID]float64 // Unix time
	strangers strangers
	cgroup    cgroup
	procfs    lazyFS
}

// lazyFS is a procfs that is looked at once, when it is there.
type lazyFS struct {
	mu sync.Mutex
	fs *procfs.FS
}

func (h *host) procfs() (procfs.FS, error) {
	kept := &h.kept.procfs
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if kept.fs == nil {
		fs, err := procfs.NewFS(h.path("proc"))
		if err != nil {
			return fs, err
		}
		kept.fs = &fs
	}
	return *kept.fs, nil
}

// below returns where the exporter sees a directory of the monitored machine.
func (h *host) below(path string) string { return h.path(path) }

// stripRoot turns a path as the exporter sees it into the monitored machine's.
func (h *host) stripRoot(path string) string {
	root := h.path()
	rest, below := strings.CutPrefix(path, root)
	switch {
	case root == "/" || !below:
		return path
	case rest == "":
		return "/"
	case rest[0] != '/':
		return path
	}
	return rest
}

// statfs asks the kernel how full the file system is that path lies on.
func statfs(path string) (usage, error) {
	var s unix.Statfs_t
	err := unix.Statfs(path, &s)
	for errors.Is(err, unix.EINTR) {
		err = unix.Statfs(path, &s)
	}
	if err != nil {
		return usage{}, err
	}
	block := float64(s.Bsize)
	return usage{
		size: float64(s.Blocks) * block, free: float64(s.Bfree) * block, avail: float64(s.Bavail) * block,
		files: float64(s.Files), filesFree: float64(s.Ffree),
	}, nil
}
