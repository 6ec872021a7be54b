// SPDX-License-Identifier: Apache-2.0

//go:build linux

package host

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/shirou/gopsutil/v3/cpu"
)

// What a machine does not have is absent, and its source neither failed nor ok.
func TestAbsentIsNotZero(t *testing.T) {
	opts := fixtureOptions(t)
	remove(t, opts.Root, "proc/pressure", "proc/sys/net/netfilter", "etc/os-release", "proc/4242/cgroup")
	write(t, opts.Root, "proc/4242/cgroup", "0::/\n")
	write(t, opts.Root, "proc/meminfo", "MemTotal: 100 kB\nMemFree: 10 kB\n")
	opts.Paths, opts.Processes = nil, nil
	got := scrape(t, newScraper(t, opts))
	for _, name := range []string{
		"node_pressure_io_waiting_seconds_total", "node_nf_conntrack_entries", "node_os_info",
		"dbsync_cgroup_memory_limit_bytes", "dbsync_cgroup_cpu_quota_cores", "dbsync_process_up",
		"dbsync_path_filesystem_size_bytes", "node_memory_MemAvailable_bytes",
	} {
		wantAbsent(t, got, name)
	}
	want(t, got, 10240, "node_memory_MemFree_bytes")
	for _, source := range []string{"pressure", "conntrack", "os", "cgroup", "processes", "paths"} {
		wantAbsent(t, got, "dbsync_source_success", "source", source)
	}
	want(t, got, 1, "dbsync_collector_success")
}

// What is broken fails its source alone, and publishes nothing of it.
func TestBrokenFilesFailTheirSource(t *testing.T) {
	for _, c := range []struct{ source, file, content, family string }{
		{"vmstat", "proc/vmstat", "pgfault 1\npgmajfault many\n", "node_vmstat_pgfault"},
		{"filefd", "proc/sys/fs/file-nr", "1 0\n", "node_filefd_allocated"},
		{"conntrack", "proc/sys/net/netfilter/nf_conntrack_max", "\n", "node_nf_conntrack_entries"},
		{"pressure", "proc/pressure/memory", "some nonsense\n", "node_pressure_cpu_waiting_seconds_total"},
		{"stat", "proc/stat", "btime soon\n", "node_boot_time_seconds"},
		{"cpu", "proc/stat", "btime 1\n", "node_cpu_seconds_total"},
		{"memory", "proc/meminfo", "MemTotal: some kB\n", "node_memory_MemTotal_bytes"},
		{"disk", "proc/diskstats", "8 0 sda one\n", "node_disk_io_now"},
		{"network", "proc/net/dev", "a\nb\nno colon\n", "node_network_receive_bytes_total"},
		{"filesystem", "proc/1/mountinfo", "21 26 0:20\n", "node_filesystem_size_bytes"},
		{"cgroup", "sys/fs/cgroup/erp.slice/dbsync.service/memory.max", "much\n", "dbsync_cgroup_memory_limit_bytes"},
		{"processes", "proc/4242/stat", "4242 mariadbd\n", "dbsync_process_up"},
	} {
		opts := fixtureOptions(t)
		write(t, opts.Root, c.file, c.content)
		got := scrape(t, newScraper(t, opts))
		wantSource(t, got, false, c.source)
		wantAbsent(t, got, c.family)
		wantSource(t, got, true, "time")
		want(t, got, 0, "dbsync_collector_panics_total")
	}
}

func TestKernelErrors(t *testing.T) {
	opts := fixtureOptions(t)
	opts.system.uname = func() (uname, error) { return uname{}, errors.New("refused") }
	opts.system.clock = func() (clock, error) { return clock{}, errors.New("refused") }
	got := scrape(t, newScraper(t, opts))
	wantSource(t, got, false, "uname")
	wantSource(t, got, false, "timex")
}

func TestMountsOfAnotherProcessMayBeHidden(t *testing.T) {
	opts := fixtureOptions(t)
	remove(t, opts.Root, "proc/1/mountinfo")
	want(t, scrape(t, newScraper(t, opts)), 4e9, "node_filesystem_size_bytes", "mountpoint", "/var/lib/mysql")
}

func TestFailedDiscoveryKeepsTheConfiguredPaths(t *testing.T) {
	opts := fixtureOptions(t)
	opts.Discover = func(context.Context) ([]Path, error) { return nil, errors.New("server down") }
	got := scrape(t, newScraper(t, opts))
	wantSource(t, got, false, "path discovery")
	wantSource(t, got, true, "paths")
	want(t, got, 1.5e9, "dbsync_path_filesystem_avail_bytes", "role", "datadir")
}

func TestDiscoveredPathsJoinTheConfigured(t *testing.T) {
	opts := fixtureOptions(t)
	opts.Discover = func(context.Context) ([]Path, error) {
		return []Path{{"datadir", "/var/lib/mysql"}, {"tmpdir", "/run"}, {"binlog", "/home/user/doc"}}, nil
	}
	got := scrape(t, newScraper(t, opts))
	want(t, got, 1.5e9, "dbsync_path_filesystem_avail_bytes", "role", "tmpdir", "path", "/run")
	want(t, got, 1, "dbsync_path_filesystem_device_error", "role", "binlog")
	want(t, got, 0, "dbsync_duplicate_series_dropped")
}

// The names are node_exporter's documented examples and a server's usual ones.
func TestDefaultFilters(t *testing.T) {
	for name, excluded := range map[string]bool{
		"/": false, "/var/lib/mysql": false, "/run": false, "/run/user/0": false, "/mnt/sys": false, "/device": false,
		"/dev": true, "/dev/shm": true, "/proc": true, "/sys/fs/cgroup": true, "/run/credentials/a.service": true,
		"/var/lib/docker/overlay2/x/merged": true, "/var/lib/containers/storage/x": true,
	} {
		if mountPointsExcluded.MatchString(name) != excluded {
			t.Errorf("mount %s: excluded %v", name, !excluded)
		}
	}
	for name, excluded := range map[string]bool{
		"ext4": false, "xfs": false, "nfs4": false, "tmpfs": false, "zfs": false, "fuse.glusterfs": false, "cgroup": true,
		"cgroup2": true, "overlay": true, "squashfs": true, "proc": true, "autofs": true, "iso9660": true, "erofs": true,
	} {
		if fsTypesExcluded.MatchString(name) != excluded {
			t.Errorf("type %s: excluded %v", name, !excluded)
		}
	}
	for name, excluded := range map[string]bool{
		"sda": false, "vda": false, "xvda": false, "nvme0n1": false, "dm-0": false, "md0": false, "mmcblk0p1": false,
		"sda1": true, "vdb12": true, "xvda1": true, "nvme0n1p2": true, "loop0": true, "ram3": true, "zram0": true, "fd0": true,
	} {
		if disksExcluded.MatchString(name) != excluded {
			t.Errorf("disk %s: excluded %v", name, !excluded)
		}
	}
}

func TestStripRoot(t *testing.T) {
	for _, c := range []struct{ root, path, want string }{
		{"", "/data", "/data"}, {"/", "/", "/"}, {"/host", "/host", "/"}, {"/host", "/host/data", "/data"},
		{"/host", "/hosted", "/hosted"}, {"/host/", "/host/data", "/data"}, {"/host", "/data", "/data"},
	} {
		h := &host{opts: Options{Root: c.root}}
		if got := h.stripRoot(c.path); got != c.want {
			t.Errorf("root %q: %s became %s, want %s", c.root, c.path, got, c.want)
		}
	}
}

func TestCPUTimesGoForward(t *testing.T) {
	before := cpu.TimesStat{CPU: "cpu0", User: 10, Idle: 100, Iowait: 5}
	for _, c := range []struct {
		name       string
		read, want cpu.TimesStat
	}{
		{"forward", cpu.TimesStat{User: 11, Idle: 101, Iowait: 6}, cpu.TimesStat{User: 11, Idle: 101, Iowait: 6}},
		{"a little back", cpu.TimesStat{User: 11, Idle: 98, Iowait: 4}, cpu.TimesStat{User: 11, Idle: 100, Iowait: 5}},
		{"plugged in anew", cpu.TimesStat{User: 1, Idle: 2}, cpu.TimesStat{User: 1, Idle: 2}},
	} {
		if got := forward(before, c.read); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestParseRelease(t *testing.T) {
	got := parseRelease([]byte("# no=comment\n\nID=a\nNAME='b c'\nVERSION=\"1\\\"2\"\nBROKEN\nEND=\\"))
	want := map[string]string{"ID": "a", "NAME": "b c", "VERSION": `1"2`, "END": `\`}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s is %q, want %q", key, got[key], value)
		}
	}
}

func TestSelectMountsKeepsTheFirstOfEquals(t *testing.T) {
	got := selectMounts([]mount{
		{device: "/dev/sda1", point: "/a", fsType: "ext4", major: "8"},
		{device: "/dev/sda1", point: "/a", fsType: "ext4", major: "9"},
		{device: "/dev/sda1", point: "/b", fsType: "ext4"},
		{device: "proc", point: "/x", fsType: "proc"},
	}, mountPointsExcluded, fsTypesExcluded)
	points := []string{}
	for _, m := range got {
		points = append(points, m.point+m.major)
	}
	if want := []string{"/a8", "/b"}; !slices.Equal(points, want) {
		t.Errorf("got %v, want %v", points, want)
	}
}
