// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/collector"
)

var (
	cgroupMemoryLimit = gauge("dbsync_cgroup_memory_limit_bytes",
		"Memory that the exporter's control group may use. Absent without a limit.",
		"memory.max (v2), memory.limit_in_bytes (v1)")
	cgroupMemoryUsage = gauge("dbsync_cgroup_memory_usage_bytes",
		"Memory that the limited control group uses, caches included.",
		"memory.current (v2), memory.usage_in_bytes (v1)")
	cgroupMemoryCache = gauge("dbsync_cgroup_memory_inactive_file_bytes",
		"File cache in the usage that the kernel takes back first.", "memory.stat")
	cgroupOOMKills = counter("dbsync_cgroup_memory_oom_kills_total",
		"Processes of the limited control group killed at its limit.",
		"memory.events (v2), memory.oom_control (v1)")
	cgroupQuota = gauge("dbsync_cgroup_cpu_quota_cores",
		"CPUs' worth of time that the exporter's control group may use. Absent without a quota.",
		"cpu.max (v2), cpu.cfs_quota_us (v1)")
	cgroupThrottled = counter("dbsync_cgroup_cpu_throttled_seconds_total",
		"Seconds that the control group's threads were held back by its quota.", "cpu.stat")
	cgroupPeriods = counter("dbsync_cgroup_cpu_periods_total",
		"Periods of the quota in which the control group could run.", "cpu.stat")
	cgroupThrottledPeriods = counter("dbsync_cgroup_cpu_throttled_periods_total",
		"Periods of the quota in which it was used up.", "cpu.stat")

	cgroupFamilies = []*collector.Family{
		cgroupMemoryLimit, cgroupMemoryUsage, cgroupMemoryCache, cgroupOOMKills,
		cgroupQuota, cgroupThrottled, cgroupPeriods, cgroupThrottledPeriods,
	}
)

// cgroupFiles are the names of what is read, by version.
type cgroupFiles struct {
	limit, usage, kills, cache string
	throttled                  string  // a key of cpu.stat
	throttledUnit              float64 // in seconds
	quota                      func(dir string) (float64, error)
}

var (
	cgroupV1 = cgroupFiles{
		limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes", kills: "memory.oom_control",
		cache: "total_inactive_file", throttled: "throttled_time", throttledUnit: 1e-9, quota: quotaV1,
	}
	cgroupV2 = cgroupFiles{
		limit: "memory.max", usage: "memory.current", kills: "memory.events",
		cache: "inactive_file", throttled: "throttled_usec", throttledUnit: 1e-6, quota: quotaV2,
	}
)

// unlimited is a limit that version 1 writes for none: all pages that a signed
// number can count.
const unlimited = 1 << 62

// collectCgroup gives the limits of the exporter's control group or, where an
// outer one is narrower, of that; and the usage of the same group, so that the
// two can be compared.
func (h *host) collectCgroup(_ context.Context, out *collector.Sink) error {
	memory, memoryErr := h.collectCgroupMemory(out)
	cpu, cpuErr := h.collectCgroupCPU(out)
	if err := errors.Join(memoryErr, cpuErr); err != nil {
		return err
	}
	if !memory && !cpu {
		return collector.Skip(collector.Unconfigured, "the exporter's control group has no limit")
	}
	return nil
}

// collectCgroupMemory reports whether there is a limit.
func (h *host) collectCgroupMemory(out *collector.Sink) (bool, error) {
	levels, files, err := h.cgroupLevels("memory")
	if err != nil {
		return false, err
	}
	dir, limit, err := narrowest(levels, func(dir string) (float64, error) { return readLimit(dir + "/" + files.limit) })
	if err != nil || limit >= unlimited {
		return false, err
	}
	usage, err := readNumber(dir + "/" + files.usage)
	if err != nil {
		return true, err
	}
	out.Emit(cgroupMemoryLimit, limit)
	out.Emit(cgroupMemoryUsage, usage)
	err = emitKeys(out, dir+"/"+files.kills, map[string]scaled{"oom_kill": {cgroupOOMKills, 1}})
	if err != nil {
		return true, err
	}
	return true, emitKeys(out, dir+"/memory.stat", map[string]scaled{files.cache: {cgroupMemoryCache, 1}})
}

// collectCgroupCPU reports whether there is a quota.
func (h *host) collectCgroupCPU(out *collector.Sink) (bool, error) {
	levels, files, err := h.cgroupLevels("cpu")
	if err != nil {
		return false, err
	}
	dir, quota, err := narrowest(levels, files.quota)
	if err != nil || quota >= unlimited {
		return false, err
	}
	out.Emit(cgroupQuota, quota)
	return true, emitKeys(out, dir+"/cpu.stat", map[string]scaled{
		"nr_periods": {cgroupPeriods, 1}, "nr_throttled": {cgroupThrottledPeriods, 1},
		files.throttled: {cgroupThrottled, files.throttledUnit},
	})
}

// scaled is a family and the size of the unit that the kernel counts in.
type scaled struct {
	family *collector.Family
	unit   float64
}

func emitKeys(out *collector.Sink, path string, wanted map[string]scaled) error {
	return readKeys(path, func(key string, value float64) {
		if s, ok := wanted[key]; ok {
			out.Emit(s.family, value*s.unit)
		}
	})
}

// narrowest returns the lowest limit and the directory that sets it.
func narrowest(levels []string, read func(dir string) (float64, error)) (string, float64, error) {
	at, lowest := "", float64(unlimited)
	for _, dir := range levels {
		limit, err := read(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue // the topmost group of version 2 has no such file
		}
		if err != nil {
			return "", 0, err
		}
		if limit < lowest {
			at, lowest = dir, limit
		}
	}
	return at, lowest, nil
}

// readLimit reads a limit of version 1 or 2.
func readLimit(path string) (float64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return parseLimit(strings.TrimSpace(string(data)))
}

func parseLimit(s string) (float64, error) {
	if s == "max" {
		return unlimited, nil
	}
	return strconv.ParseFloat(s, 64)
}

// quotaV2 reads "quota period", of which the quota may be "max".
func quotaV2(dir string) (float64, error) {
	data, err := os.ReadFile(dir + "/cpu.max")
	if err != nil {
		return 0, err
	}
	quota, period, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	q, err := parseLimit(quota)
	if err != nil || q == unlimited {
		return q, err
	}
	p, err := strconv.ParseFloat(period, 64)
	return q / p, err
}

// quotaV1 reads two files; -1 is no quota.
func quotaV1(dir string) (float64, error) {
	quota, err := readNumber(dir + "/cpu.cfs_quota_us")
	if err != nil || quota < 0 {
		return unlimited, err
	}
	period, err := readNumber(dir + "/cpu.cfs_period_us")
	return quota / period, err
}

// cgroupLevels returns the directories of the exporter's control group and of
// those around it, as far as they are visible, inmost first. A hierarchy of
// version 1 that has the controller wins: version 2 has not got it then.
func (h *host) cgroupLevels(controller string) ([]string, cgroupFiles, error) {
	fs, err := h.procfs()
	if err != nil {
		return nil, cgroupFiles{}, err
	}
	self, err := fs.Self()
	if err != nil {
		return nil, cgroupFiles{}, fmt.Errorf("find the exporter's own process: %w", err)
	}
	groups, err := self.Cgroups()
	if err != nil {
		return nil, cgroupFiles{}, err
	}
	mounts, err := self.MountInfo()
	if err != nil {
		return nil, cgroupFiles{}, err
	}
	for _, m := range mounts {
		if _, has := m.SuperOptions[controller]; has && m.FSType == "cgroup" {
			return h.levelsBelow(m, groupOf(groups, controller)), cgroupV1, nil
		}
	}
	for _, m := range mounts {
		if m.FSType == "cgroup2" {
			return h.levelsBelow(m, groupOf(groups, "")), cgroupV2, nil
		}
	}
	return nil, cgroupV2, nil
}

// groupOf returns the path of the process in the hierarchy of a controller, or
// of version 2 for "".
func groupOf(groups []procfs.Cgroup, controller string) string {
	for _, g := range groups {
		if (controller == "" && g.HierarchyID == 0) || slices.Contains(g.Controllers, controller) {
			return g.Path
		}
	}
	return ""
}

// levelsBelow maps a control group to directories of its mount, which may show
// only a part of the hierarchy. None: the group is outside of that part.
func (h *host) levelsBelow(m *procfs.MountInfo, group string) []string {
	rel, err := filepath.Rel(m.Root, group)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
		return nil
	}
	var levels []string
	for ; rel != "."; rel = filepath.Dir(rel) {
		levels = append(levels, h.path(h.stripRoot(m.MountPoint), rel))
	}
	return append(levels, h.path(h.stripRoot(m.MountPoint)))
}
