// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package host

import (
	"context"
	"regexp"
	"runtime"
	"slices"

	"github.com/shirou/gopsutil/v3/disk"
	psutil "github.com/shirou/gopsutil/v3/host"

	"github.com/easy-erp/dbsync/collector"
)

// node_exporter's default filters of macOS; nothing on Windows looks like them.
var (
	mountPointsExcluded = regexp.MustCompile(`^/(dev)($|/)`)
	fsTypesExcluded     = regexp.MustCompile(`^devfs$`)
)

// remembered is empty: no source here keeps anything.
type remembered struct{}

// below returns the path: only Linux shows one machine's files inside another.
func (h *host) below(path string) string { return path }

func (h *host) listMounts(ctx context.Context) ([]mount, error) {
	partitions, err := disk.PartitionsWithContext(ctx, false)
	if err != nil {
		return nil, err
	}
	all := make([]mount, len(partitions))
	for i, p := range partitions {
		all[i] = mount{device: p.Device, point: p.Mountpoint, fsType: p.Fstype, readOnly: slices.Contains(p.Opts, "ro")}
	}
	return all, nil
}

// statfs asks the operating system how full a file system is. What gopsutil
// calls free is what an ordinary user may still write.
func statfs(path string) (usage, error) {
	u, err := disk.Usage(path)
	if err != nil {
		return usage{}, err
	}
	return usage{
		size: float64(u.Total), free: float64(u.Total - u.Used), avail: float64(u.Free),
		files: float64(u.InodesTotal), filesFree: float64(u.InodesFree), noFiles: runtime.GOOS == "windows",
	}, nil
}

func (h *host) collectBoot(ctx context.Context, out *collector.Sink) error {
	at, err := psutil.BootTimeWithContext(ctx)
	if err != nil {
		return err
	}
	out.Emit(bootTime, float64(at))
	return nil
}
