// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// Host answers "is it the machine?". It reads what node_exporter calls the same,
// so that a host with node_exporter alone can be picked too.
func Host(l Lang) dash.Dashboard {
	d := frame(l, HostUID,
		l.T("CPU, memory, disks, network and the database's process of the machines, by the exporter itself or by node_exporter.",
			"主机的 CPU、内存、磁盘、网络与数据库进程，由导出器自身或 node_exporter 提供。"))
	d.Templating.List = variablesOf(l, "node_boot_time_seconds")
	d.Panels = stack(
		figures(hostFigures(l)...),
		heading(10, l.T("Space", "空间")),
		graphs(pathSpaceTrend(l), filesystemTrend(l), inodesTrend(l)),
		heading(20, l.T("CPU and memory", "CPU 与内存")),
		graphs(cpuTrend(l), cpuByMode(l), loadTrend(l)),
		graphs(memoryTrend(l), memoryByKind(l), swapTrend(l)),
		heading(30, l.T("Disks", "磁盘")),
		graphs(diskBusyTrend(l), diskLatencyTrend(l), diskTrafficTrend(l), diskOperationsTrend(l)),
		heading(40, l.T("Waiting for resources (kernel 4.20 and later with PSI on)", "资源等待（内核 4.20 及以上且启用 PSI）")),
		graphs(pressureTrend(l, 41, "cpu", l.T("Waiting for CPU", "等待 CPU")),
			pressureTrend(l, 42, "io", l.T("Waiting for disks", "等待磁盘")),
			pressureTrend(l, 43, "memory", l.T("Waiting for memory", "等待内存"))),
		heading(50, l.T("Network", "网络")),
		graphs(networkTrend(l), networkErrorsTrend(l)),
		heading(60, l.T("The database's process", "数据库进程")),
		graphs(processCPUTrend(l), processMemoryTrend(l), processFilesTrend(l)),
		folded(70, l.T("Limits of a container (the exporter's own control group)", "容器限制（导出器所在控制组）"),
			graphs(cgroupMemoryTrend(l), cgroupThrottledTrend(l))),
	)
	return d
}

func noHost(l Lang) string {
	return l.T("host collector is off, and no node_exporter is scraped", "主机采集未启用，且未采集 node_exporter")
}

// hostFigures are the worst values of the hosts that are picked.
func hostFigures(l Lang) []dash.Panel {
	return []dash.Panel{
		stat(about{
			id: 1, title: l.T("CPU used", "CPU 使用率"),
			description: l.T(
				"Share of the CPUs' time that was used, on the busiest host. Near 100 % for long: statements queue. The process panels tell whether "+
					"it is the database.",
				"最忙主机的 CPU 使用率。长时间接近 100% 则语句排队，进程面板可看出是否为数据库。"),
			noValue: noHost(l),
		}, ratioUnit, "max("+cpuUsed()+")", levels(blue), nil),
		stat(about{
			id: 2, title: l.T("Load per CPU", "每核负载"),
			description: l.T(
				"Load of 5 minutes divided by the CPUs, on the worst host: above 1 there was more to do than CPUs, waiting for the disk included.",
				"5 分钟负载除以 CPU 数（最差主机）：大于 1 说明待处理的多于 CPU，含等待磁盘的任务。"),
			noValue: noHost(l),
		}, shortUnit, "max("+loadPerCPU()+")", levels(blue), nil),
		stat(about{
			id: 3, title: l.T("Memory used", "内存使用率"),
			description: l.T(
				"Memory that programs could not get without swapping, on the fullest host. At 95 % host_memory_low warns: the kernel may soon kill "+
					"the largest process, which is the database.",
				"最满主机上不换页就无法再分配的内存比例。95% 时 host_memory_low 警告：内核可能很快终止最大的进程，即数据库。"),
			noValue: noHost(l), alerts: []string{"HostMemoryLow"},
		}, ratioUnit, "max("+memoryUsed()+")", levels(green, level{memoryFull, orange}), nil),
		diskFigure(l, 4),
		stat(about{
			id: 5, title: l.T("Fullest file system", "最满文件系统"),
			description: l.T(
				"Of all file systems that are mounted writable. At 95 % host_filesystem_full warns.",
				"所有可写文件系统中最满者。95% 时 host_filesystem_full 警告。"),
			noValue: noHost(l), alerts: []string{"HostFilesystemFull"},
		}, ratioUnit, "max("+filesystemUsed()+")", levels(green, level{filesystemFull, orange}), nil),
		stat(about{
			id: 6, title: l.T("Busiest disk", "最忙磁盘"),
			description: l.T(
				"Share of time in which the busiest disk had something to do. 100 % on a single disk is saturation; on an array or NVMe it may "+
					"still have room: look at the latency.",
				"最忙磁盘有请求的时间比例。单盘 100% 即饱和；阵列或 NVMe 可能仍有余量，请看延迟。"),
			noValue: noHost(l),
		}, ratioUnit, "max("+diskBusy()+")", levels(blue), nil),
		stat(about{
			id: 7, title: l.T("Database process", "数据库进程"),
			description: l.T(
				"Whether the processes that the configuration names run (mysqld, mariadbd), on the worst host. Not running while the server "+
					"answers: it runs under another name or on another machine.",
				"配置中指定的进程（mysqld、mariadbd）是否运行（最差主机）。未运行而数据库有应答：名称不同或在另一台机器上。"),
			noValue: l.T("no process is configured", "未配置进程"), alerts: []string{"MySQLDown"},
		}, countUnit, "min(max by (instance) ("+metric("dbsync_process_up")+"))", levels(grey), states(
			state{"0", l.T("✖ not running", "✖ 未运行"), vermilion},
			state{"1", l.T("✔ running", "✔ 运行中"), green},
		)),
		stat(about{
			id: 8, title: l.T("Host up since", "主机启动于"),
			description: l.T("When the host that was started last was started. Right before a fault it is the fault.",
				"最近启动的主机的启动时间。若恰在故障之前，那就是原因。"),
			noValue: noHost(l),
		}, agoUnit, millis("max("+metric("node_boot_time_seconds")+")"), levels(blue), nil),
	}
}
