// SPDX-License-Identifier: Apache-2.0

//go:build linux

package host

import (
	"os"
	"path/filepath"
	"testing"
)

// mountCgroups replaces the exporter's mounts and groups.
func mountCgroups(t *testing.T, root, mounts, groups string) {
	t.Helper()
	write(t, root, "proc/4242/mountinfo", mounts)
	write(t, root, "proc/4242/cgroup", groups)
}

func writeAll(t *testing.T, root, dir string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		write(t, root, filepath.Join(dir, name), content)
	}
}

const cgroupV1Mounts = `30 22 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw
31 30 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 30 0:31 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`

// A container of version 1 without a namespace of its own: its mounts show only
// its part of the hierarchy. Beside it lies an empty version 2 (hybrid).
func TestCgroupV1(t *testing.T) {
	opts := fixtureOptions(t)
	mountCgroups(t, opts.Root, cgroupV1Mounts, "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n")
	writeAll(t, opts.Root, "sys/fs/cgroup/memory", map[string]string{
		"memory.limit_in_bytes": "536870912\n", "memory.usage_in_bytes": "1048576\n",
		"memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
		"memory.stat":        "cache 4096\ntotal_inactive_file 8192\n",
	})
	writeAll(t, opts.Root, "sys/fs/cgroup/cpu,cpuacct", map[string]string{
		"cpu.cfs_quota_us": "50000\n", "cpu.cfs_period_us": "100000\n",
		"cpu.stat": "nr_periods 10\nnr_throttled 4\nthrottled_time 1500000000\n",
	})
	got := scrape(t, newScraper(t, opts))
	wantSource(t, got, true, "cgroup")
	want(t, got, 536870912, "dbsync_cgroup_memory_limit_bytes")
	want(t, got, 1048576, "dbsync_cgroup_memory_usage_bytes")
	want(t, got, 8192, "dbsync_cgroup_memory_inactive_file_bytes")
	want(t, got, 3, "dbsync_cgroup_memory_oom_kills_total")
	want(t, got, 0.5, "dbsync_cgroup_cpu_quota_cores")
	want(t, got, 1.5, "dbsync_cgroup_cpu_throttled_seconds_total")
	want(t, got, 4, "dbsync_cgroup_cpu_throttled_periods_total")
}

func TestCgroupV1WithoutLimits(t *testing.T) {
	opts := fixtureOptions(t)
	mountCgroups(t, opts.Root, cgroupV1Mounts, "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n")
	writeAll(t, opts.Root, "sys/fs/cgroup/memory", map[string]string{"memory.limit_in_bytes": "9223372036854771712\n"})
	writeAll(t, opts.Root, "sys/fs/cgroup/cpu,cpuacct", map[string]string{"cpu.cfs_quota_us": "-1\n"})
	got := scrape(t, newScraper(t, opts))
	wantAbsent(t, got, "dbsync_source_success", "source", "cgroup")
	wantAbsent(t, got, "dbsync_cgroup_memory_limit_bytes")
	wantAbsent(t, got, "dbsync_cgroup_cpu_quota_cores")
}

// A limit of an outer group counts where it is narrower, with that group's usage.
func TestCgroupV2OuterLimit(t *testing.T) {
	opts := fixtureOptions(t)
	writeAll(t, opts.Root, "sys/fs/cgroup/erp.slice", map[string]string{
		"memory.max": "1000000\n", "memory.current": "900000\n",
		"memory.events": "oom_kill 5\n", "memory.stat": "inactive_file 10\n",
	})
	got := scrape(t, newScraper(t, opts))
	want(t, got, 1e6, "dbsync_cgroup_memory_limit_bytes")
	want(t, got, 9e5, "dbsync_cgroup_memory_usage_bytes")
	want(t, got, 5, "dbsync_cgroup_memory_oom_kills_total")
}

// A group that lies outside of what is mounted is nobody's business.
func TestCgroupOutsideOfTheMount(t *testing.T) {
	opts := fixtureOptions(t)
	mountCgroups(t, opts.Root, "36 22 0:27 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/docker/other\n")
	got := scrape(t, newScraper(t, opts))
	wantAbsent(t, got, "dbsync_source_success", "source", "cgroup")
	mountCgroups(t, opts.Root, "36 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/../other\n")
	wantAbsent(t, scrape(t, newScraper(t, opts)), "dbsync_cgroup_memory_limit_bytes")
}
