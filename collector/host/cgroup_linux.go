// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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
	group, err := h.ownCgroup()
	if err != nil {
		return err
	}
	memory, memoryErr := collectCgroupMemory(out, group.memory)
	cpu, cpuErr := collectCgroupCPU(out, group.cpu)
	if err := errors.Join(memoryErr, cpuErr); err != nil {
		return err
	}
	if !memory && !cpu {
		return collector.Skip(collector.Unconfigured, "the exporter's control group has no limit")
	}
	return nil
}

// collectCgroupMemory reports whether there is a limit.
func collectCgroupMemory(out *collector.Sink, at hierarchy) (bool, error) {
	files := at.files
	dir, limit, err := narrowest(at.levels, func(dir string) (float64, error) { return readLimit(dir + "/" + files.limit) })
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
func collectCgroupCPU(out *collector.Sink, at hierarchy) (bool, error) {
	files := at.files
	dir, quota, err := narrowest(at.levels, files.quota)
	if err != nil || quota >= unlimited {
		return false, err
	}
	out.Emit(cgroupQuota, quota)
	return true, emitKeys(out, dir+"/cpu.stat", map[string]scaled{
		"nr_periods": {cgroupPeriods, 1}, "nr_throttled": {cgroupThrottledPeriods, 1},
		files.throttled: {cgroupThrottled, files.throttledUnit},
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

// cgroup is where the exporter's control group is to be read.
type cgroup struct {
	membership  string // /proc/self/cgroup that the rest was derived from
	memory, cpu hierarchy
}

// hierarchy holds the directories of a control group and of those around it, as
// far as they are visible, inmost first.
type hierarchy struct {
	levels []string
	files  cgroupFiles
}

// ownCgroup finds the directories anew only when the exporter was moved to
// another group.
func (h *host) ownCgroup() (cgroup, error) {
	membership, err := os.ReadFile(h.path("proc/self/cgroup"))
	if err != nil {
		return cgroup{}, err
	}
	if h.kept.cgroup.membership == string(membership) {
		return h.kept.cgroup, nil
	}
	fs, err := h.procfs()
	if err != nil {
		return cgroup{}, err
	}
	mounts, err := fs.GetMounts()
	if err != nil {
		return cgroup{}, err
	}
	groups := parseMembership(string(membership))
	h.kept.cgroup = cgroup{string(membership), h.locate(mounts, groups, "memory"), h.locate(mounts, groups, "cpu")}
	return h.kept.cgroup, nil
}

// parseMembership maps controllers to groups, from lines "number:controllers:group";
// version 2 has no controllers there.
func parseMembership(text string) map[string]string {
	groups := map[string]string{}
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			groups[controller] = parts[2]
		}
	}
	return groups
}

// locate finds the hierarchy of a controller. One of version 1 wins: version 2
// has not got the controller then.
func (h *host) locate(mounts []*procfs.MountInfo, groups map[string]string, controller string) hierarchy {
	for _, m := range mounts {
		if _, has := m.SuperOptions[controller]; has && m.FSType == "cgroup" {
			return hierarchy{h.levelsBelow(m, groups[controller]), cgroupV1}
		}
	}
	for _, m := range mounts {
		if m.FSType == "cgroup2" {
			return hierarchy{h.levelsBelow(m, groups[""]), cgroupV2}
		}
	}
	return hierarchy{}
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
