// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

func cpuUsed() string {
	return "1 - " + perInstance(recorded("instance_mode:node_cpu_seconds:rate5m", `mode="idle"`)) + " / " + cpus()
}

func cpus() string { return perInstance(recorded("instance:node_cpus:count")) }

func loadPerCPU() string {
	return perInstance(metric("node_load5")) + " / " + cpus()
}

// ofHost is a recorded rate of a host, devices added up.
func ofHost(name string) string { return perInstance(recorded("instance:node_" + name + ":rate5m")) }

func memoryUsed() string {
	return "1 - " + perInstance(metric("node_memory_MemAvailable_bytes")) + " / " + perInstance(metric("node_memory_MemTotal_bytes"))
}

func filesystemUsed() string {
	return maxBy("instance, mountpoint", recorded("instance_mountpoint:node_filesystem_used:ratio"))
}

func diskBusy() string { return ofDisk("busy:ratio5m") }

func ofDisk(name string) string {
	return maxBy("instance, device", recorded("instance_device:node_disk_"+name))
}

func pathSpaceTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 11, title: l.T("Data, logs and backups", "数据、日志与备份"),
		description: l.T(
			"How full the file systems are that hold data, binary logs and backups. At the line disk_space_low pages: remove what has expired, then "+
				"grow it. A full data directory stops the database.",
			"数据、二进制日志与备份所在文件系统的使用率。达到虚线时 disk_space_low 告警：先清理过期文件再扩容。数据目录写满会使数据库停止。"),
		noValue: noHost(l), alerts: []string{"DiskSpaceLow", "DiskFillingUp"}, links: ofSeries(l, HostUID, BackupsUID),
	}, ratioUnit, levels(green, level{diskCritical, vermilion}),
		series{maxBy("instance, path", recorded("instance_path:dbsync_disk_used:ratio")), "{{instance}} {{path}}"}))
}

func filesystemTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 12, title: l.T("All file systems, ten fullest", "全部文件系统（最满的十个）"),
		description: l.T(
			"Use of the writable file systems. At the line host_filesystem_full warns: /tmp and /var matter too, they stop sorts, logs and packages.",
			"可写文件系统的使用率。达到虚线时 host_filesystem_full 警告：/tmp 与 /var 写满同样会使排序、日志与升级失败。"),
		noValue: noHost(l), alerts: []string{"HostFilesystemFull"}, links: ofSeries(l, HostUID),
	}, ratioUnit, levels(green, level{filesystemFull, orange}), series{top(10, filesystemUsed()), "{{instance}} {{mountpoint}}"}))
}

func inodesTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 13, title: l.T("Inodes, ten fullest", "inode 使用率（最满的十个）"),
		description: l.T(
			"Share of the inodes in use. At the line host_inodes_low warns: no new file can be made although there is space; look for millions of "+
				"small files, such as sessions and mails.",
			"已用 inode 比例。达到虚线时 host_inodes_low 警告：有空间也无法新建文件；查找大量小文件，如会话与邮件。"),
		noValue: noHost(l), alerts: []string{"HostInodesLow"}, links: ofSeries(l, HostUID),
	}, ratioUnit, levels(green, level{inodesFull, orange}),
		series{top(10, maxBy("instance, mountpoint", recorded("instance_mountpoint:node_filesystem_inodes_used:ratio"))), "{{instance}} {{mountpoint}}"}))
}

func cpuTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 21, title: l.T("CPU used", "CPU 使用率"),
		description: l.T(
			"Share of all CPUs' time. A plateau at 1/CPUs is one statement or job that keeps one CPU busy.",
			"全部 CPU 时间的使用比例。停在 1/核数 的平台表示单个语句或任务占满一个核。"),
		noValue: noHost(l), links: ofSeries(l, HostUID, MySQLUID),
	}, ratioUnit, nil, series{cpuUsed(), "{{instance}}"}))
}

func cpuByMode(l Lang) dash.Panel {
	return stacked(graph(about{
		id: 22, title: l.T("CPUs by what they do", "CPU 时间分布"),
		description: l.T(
			"How many CPUs of all picked hosts were busy, by mode. iowait: programs wait for the disk; steal: the hypervisor gave the time to others; "+
				"much system: context switches, memory reclaim.",
			"所选主机按模式忙碌的 CPU 数。iowait：程序等待磁盘；steal：虚拟化宿主机把时间给了别人；system 高：上下文切换或内存回收。"),
		noValue: noHost(l),
	}, shortUnit, nil, series{sumBy("mode", recorded("instance_mode:node_cpu_seconds:rate5m", `mode!="idle"`)), "{{mode}}"}))
}

func loadTrend(l Lang) dash.Panel {
	return graph(about{
		id: 23, title: l.T("Load per CPU", "每核负载"),
		description: l.T(
			"Load of 5 minutes divided by the CPUs. Above 1 with idle CPUs: the processes wait for the disk.",
			"5 分钟负载除以 CPU 数。CPU 空闲而大于 1：进程在等待磁盘。"),
		noValue: noHost(l), links: ofSeries(l, HostUID),
	}, shortUnit, nil, series{loadPerCPU(), "{{instance}}"})
}

func memoryTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 24, title: l.T("Memory used", "内存使用率"),
		description: l.T(
			"Memory that programs could not get without swapping. At the line host_memory_low warns. A climb that restarts with the database is its "+
				"own: buffer pool plus what each connection takes.",
			"不换页就无法再分配的内存比例，达到虚线时 host_memory_low 警告。随数据库重启而归零的上升来自数据库自身：缓冲池加每连接内存。"),
		noValue: noHost(l), alerts: []string{"HostMemoryLow"}, links: ofSeries(l, HostUID),
	}, ratioUnit, levels(green, level{memoryFull, orange}), series{memoryUsed(), "{{instance}}"}))
}

func memoryByKind(l Lang) dash.Panel {
	sum := func(name string) string { return "sum(" + metric(name) + ")" }
	return stacked(graph(about{
		id: 25, title: l.T("Memory by use", "内存分布"),
		description: l.T(
			"Memory of all picked hosts. Cache is given back on demand; programs and the kernel's own objects are not.",
			"所选主机的内存。缓存可按需回收；程序与内核对象不可。"),
		noValue: noHost(l),
	}, bytesUnit, nil,
		series{sum("node_memory_AnonPages_bytes"), l.T("programs", "程序")},
		series{sum("node_memory_Slab_bytes"), l.T("kernel", "内核")},
		series{sum("node_memory_Cached_bytes") + " + " + sum("node_memory_Buffers_bytes"), l.T("cache", "缓存")},
		series{sum("node_memory_MemFree_bytes"), l.T("free", "空闲")},
	))
}

func swapTrend(l Lang) dash.Panel {
	return graph(about{
		id: 26, title: l.T("Pages swapped", "换页"),
		description: l.T(
			"Pages per second that were swapped in and out. A database that swaps is slow at random: any steady rate means that memory is too small "+
				"or swappiness too high. The bars of the kernel's kills: each is a process that died for want of memory.",
			"每秒换入换出的页数。换页的数据库会随机变慢：持续出现说明内存不足或 swappiness 过高。OOM：因内存不足被内核终止的进程。"),
		noValue: noHost(l), links: ofSeries(l, HostUID),
	}, opsUnit, nil,
		series{ofHost("vmstat_pswpin"), l.T("{{instance}} in", "{{instance}} 换入")},
		series{ofHost("vmstat_pswpout"), l.T("{{instance}} out", "{{instance}} 换出")},
		series{ofHost("vmstat_oom_kill"), l.T("{{instance}} kills", "{{instance}} OOM")},
	)
}

func diskBusyTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 31, title: l.T("Disk busy, ten busiest", "磁盘忙碌率（前十）"),
		description: l.T(
			"Share of time in which the disk had something to do. At 100 % with rising latency it is the bottleneck.",
			"磁盘有请求的时间比例。100% 且延迟上升即为瓶颈。"),
		noValue: noHost(l), links: ofSeries(l, HostUID),
	}, ratioUnit, nil, series{top(10, diskBusy()), "{{instance}} {{device}}"}))
}

func diskLatencyTrend(l Lang) dash.Panel {
	return graph(about{
		id: 32, title: l.T("Disk latency, ten slowest", "磁盘延迟（最慢的十个）"),
		description: l.T(
			"Mean time of a read and of a write. Writes above some milliseconds slow every commit; compare with the statement time at the same moment.",
			"读写的平均耗时。写入超过几毫秒会拖慢每次提交；对照同一时刻的语句耗时。"),
		noValue: noHost(l), links: ofSeries(l, HostUID, MySQLUID),
	}, secondsUnit, nil,
		series{top(10, ofDisk("read_seconds:mean5m")), l.T("{{instance}} {{device}} read", "{{instance}} {{device}} 读")},
		series{top(10, ofDisk("write_seconds:mean5m")), l.T("{{instance}} {{device}} write", "{{instance}} {{device}} 写")},
	)
}

func diskTrafficTrend(l Lang) dash.Panel {
	return graph(about{
		id: 33, title: l.T("Bytes from and to disks", "磁盘吞吐"),
		description: l.T(
			"Bytes per second of all disks of each host. A backup reads the data once: its band should not grow longer over the weeks.",
			"每台主机所有磁盘每秒的字节数。备份会通读数据：其时段不应逐周变长。"),
		noValue: noHost(l), links: ofSeries(l, HostUID),
	}, rateUnit, nil,
		series{ofHost("disk_read_bytes"), l.T("{{instance}} read", "{{instance}} 读")},
		series{ofHost("disk_written_bytes"), l.T("{{instance}} written", "{{instance}} 写")},
	)
}

func diskOperationsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 34, title: l.T("Requests to disks", "磁盘请求数"),
		description: l.T(
			"Reads and writes per second of all disks of each host. Cloud volumes have a limit: a flat top is that limit.",
			"每台主机所有磁盘每秒的读写请求。云盘有上限：平顶即为上限。"),
		noValue: noHost(l), links: ofSeries(l, HostUID),
	}, iopsUnit, nil,
		series{ofHost("disk_reads"), l.T("{{instance}} reads", "{{instance}} 读")},
		series{ofHost("disk_writes"), l.T("{{instance}} writes", "{{instance}} 写")},
	)
}

func pressureTrend(l Lang, id int, resource, name string) dash.Panel {
	return upTo(1, graph(about{
		id: id, title: name,
		description: l.T(
			"Share of time in which at least one task waited for it (pressure stall information). A few percent are felt; a third means that the "+
				"machine works for this resource alone.",
			"至少一个任务在等待该资源的时间比例（PSI）。百分之几即可感知；达到三分之一说明机器主要受限于此。"),
		noValue: l.T("the kernel gives no PSI (before 4.20, or booted with psi=0)", "内核不提供 PSI（早于 4.20 或 psi=0）"),
		links:   ofSeries(l, HostUID),
	}, ratioUnit, nil, series{perInstance(recorded("instance:node_pressure_" + resource + "_waiting:ratio5m")), "{{instance}}"}))
}

func networkTrend(l Lang) dash.Panel {
	return graph(about{
		id: 51, title: l.T("Bytes over the network", "网络吞吐"),
		description: l.T(
			"Bytes per second of all devices but the loopback. A flat top is the link's limit: backups and replicas share it with clients.",
			"除回环外所有网卡每秒的字节数。平顶即链路上限：备份与从库和客户端共用它。"),
		noValue: noHost(l), links: ofSeries(l, HostUID),
	}, rateUnit, nil,
		series{ofHost("network_receive_bytes"), l.T("{{instance}} received", "{{instance}} 接收")},
		series{ofHost("network_transmit_bytes"), l.T("{{instance}} sent", "{{instance}} 发送")},
	)
}

func networkErrorsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 52, title: l.T("Network errors and drops", "网络错误与丢包"),
		description: l.T(
			"Packets per second that had errors or were dropped. Errors are a cable, a port or a driver; drops are a host too busy to take packets.",
			"每秒出错或丢弃的包。错误来自线缆、端口或驱动；丢弃说明主机来不及处理。"),
		noValue: noHost(l), links: ofSeries(l, HostUID),
	}, opsUnit, nil,
		series{ofHost("network_errors"), l.T("{{instance}} errors", "{{instance}} 错误")},
		series{ofHost("network_drops"), l.T("{{instance}} drops", "{{instance}} 丢弃")},
	)
}

func noProcess(l Lang) string {
	return l.T("no such process runs here, or host.processes does not name it", "此处没有该进程，或 host.processes 未指定")
}

func ofProcess(expr string) string { return maxBy("instance, process", expr) }

func processCPUTrend(l Lang) dash.Panel {
	return graph(about{
		id: 61, title: l.T("CPUs that it uses", "使用的 CPU"),
		description: l.T(
			"How many CPUs the process keeps busy. One whole CPU and no more is often a single statement or the purge thread.",
			"进程占用的 CPU 数。恰好占满一个核常常是单个语句或清理线程。"),
		noValue: noProcess(l), links: ofSeries(l, HostUID, MySQLUID),
	}, shortUnit, nil, series{ofProcess(perSecond("dbsync_process_cpu_seconds_total")), "{{instance}} {{process}}"})
}

func processMemoryTrend(l Lang) dash.Panel {
	return graph(about{
		id: 62, title: l.T("Its memory", "内存占用"),
		description: l.T(
			"Resident memory. It should level out at the buffer pool plus a part for connections; a climb that goes on ends with the kernel killing it.",
			"常驻内存。应稳定在缓冲池加连接所需；若持续上升，最终会被内核终止。"),
		noValue: noProcess(l), alerts: []string{"HostMemoryLow"}, links: ofSeries(l, HostUID, MySQLUID),
	}, bytesUnit, nil, series{ofProcess(metric("dbsync_process_resident_memory_bytes")), "{{instance}} {{process}}"})
}

func processFilesTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 63, title: l.T("Its open files", "打开的文件"),
		description: l.T(
			"Open files as a share of what the process may have. At the line process_file_descriptors_high warns: at the limit neither tables nor "+
				"connections can be opened. Raise LimitNOFILE and open_files_limit.",
			"已打开文件占上限的比例。达到虚线时 process_file_descriptors_high 警告：到达上限后无法打开表和连接。调大 LimitNOFILE 与 open_files_limit。"),
		noValue: l.T("the exporter may not count them (it needs the same user or CAP_SYS_PTRACE)", "导出器无权统计（需要同一用户或 CAP_SYS_PTRACE）"),
		alerts:  []string{"ProcessFileDescriptorsHigh"}, links: ofSeries(l, HostUID, MySQLUID),
	}, ratioUnit, levels(green, level{descriptorsHigh, orange}),
		series{ratio(ofProcess(metric("dbsync_process_open_fds")), ofProcess(metric("dbsync_process_max_fds"))), "{{instance}} {{process}}"}))
}

func noCgroup(l Lang) string {
	return l.T("the exporter runs without such a limit", "导出器没有此类限制")
}

func cgroupMemoryTrend(l Lang) dash.Panel {
	inUse := perInstance(metric("dbsync_cgroup_memory_usage_bytes")) + " - " + perInstance(metric("dbsync_cgroup_memory_inactive_file_bytes"))
	return upTo(1, graph(about{
		id: 71, title: l.T("Memory, of the limit", "内存占限额"),
		description: l.T(
			"Memory that the container uses and the kernel cannot take back at once, as a share of its limit. At 100 % the kernel kills a process in it.",
			"容器使用且内核无法立即回收的内存占限额的比例。达到 100% 时内核会终止其中的进程。"),
		noValue: noCgroup(l), links: ofSeries(l, HostUID),
	}, ratioUnit, nil, series{"(" + inUse + ") / " + perInstance(metric("dbsync_cgroup_memory_limit_bytes")), "{{instance}}"}))
}

func cgroupThrottledTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 72, title: l.T("Periods held back by the CPU quota", "被 CPU 配额限制的周期"),
		description: l.T(
			"Share of the quota's periods in which it was used up and the container had to wait. Above a quarter, latency suffers while the host idles: "+
				"raise the limit.",
			"配额用尽而被迫等待的周期比例。超过四分之一时，即使主机空闲延迟也会受影响：调高限额。"),
		noValue: noCgroup(l), links: ofSeries(l, HostUID),
	}, ratioUnit, nil, series{
		perInstance(recorded("instance:dbsync_cgroup_cpu_throttled:ratio5m")), "{{instance}}",
	}))
}
