// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

const taskLegend = "{{instance}} {{run_type}} {{task}}"

// taskState is the status of each task's newest run, as a number to map.
func taskState() string {
	last := func(matcher string) string {
		return "0 * (" + ofTask(metric("dbsync_run_last_status", matcher)) + " > 0)"
	}
	return "0 * (" + ofTask(metric("dbsync_run_in_progress")) + " > 0) + 1 or " +
		last(`status="failed"`) + " + 2 or " + last(`status="timeout"`) + " + 3 or " +
		last(`status="partial"`) + " + 4 or " + last(`status="lost"`) + " + 5 or " + last(`status="success"`)
}

func taskStates(l Lang) []dash.Mapping {
	return states(
		state{"0", l.T("✔ success", "✔ 成功"), green},
		state{"1", l.T("▶ running", "▶ 执行中"), blue},
		state{"2", l.T("✖ failed", "✖ 失败"), vermilion},
		state{"3", l.T("✖ timed out", "✖ 超时"), vermilion},
		state{"4", l.T("▲ partial", "▲ 部分成功"), orange},
		state{"5", l.T("✖ lost", "✖ 失联"), grey},
	)
}

func jobTable(l Lang) dash.Panel {
	return table(about{
		id: 11, title: l.T("Tasks", "任务"),
		description: l.T(
			"One line per task that has ever reported. Lost: it began and neither ended nor was heard of again, as when its machine died. "+
				"An age above 100 % of the promise is overdue.",
			"每个上报过的任务一行。失联：已开始但再无消息，如所在机器宕机。时效超过承诺的 100% 即逾期。"),
		noValue: noRuns(l), alerts: []string{"JobFailed", "JobLost", "JobOverdue"},
	}, descending(l.T("State", "状态")),
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, JobsUID, MySQLUID)},
		column{label: "run_type", title: l.T("Type", "类型")},
		column{label: "task", title: l.T("Task", "任务")},
		column{title: l.T("State", "状态"), expr: taskState(), mappings: taskStates(l)},
		column{title: l.T("Last success", "最近成功"), unit: agoUnit, expr: millis(ofTask(metric("dbsync_run_last_success_timestamp_seconds")))},
		column{title: l.T("Age, of the promise", "时效（占承诺）"), unit: ratioUnit, expr: lateness(),
			thresholds: levels("text", level{promiseBroken, orange})},
		column{title: l.T("Took", "耗时"), unit: secondsUnit, expr: ofTask(metric("dbsync_run_last_duration_seconds"))},
		column{title: l.T("Size", "大小"), unit: bytesUnit, expr: ofTask(metric("dbsync_run_last_size_bytes"))},
		column{title: l.T("Exit code", "退出码"), unit: countUnit, expr: ofTask(metric("dbsync_run_last_exit_code")),
			thresholds: levels("text", level{1, vermilion})},
		column{title: l.T("Success, in the time shown", "时段内成功率"), unit: ratioUnit, expr: successOfRuns(),
			thresholds: levels(vermilion, level{1, "text"})},
		column{title: l.T("Last start", "最近开始"), unit: agoUnit, expr: millis(ofTask(metric("dbsync_run_last_start_timestamp_seconds")))},
	)
}

// successOfRuns is the share of the runs that ended in the time shown that did so
// with success, per task.
func successOfRuns() string {
	ended := func(matchers ...string) string {
		return sumBy("instance, run_type, task", "increase("+metric("dbsync_run_total", matchers...)+"[$__range])")
	}
	return ratio(ended(`status="success"`), ended())
}

func jobTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 12, title: l.T("State of each task", "各任务的状态"),
		description: l.T(
			"Whether each task ran, and how its newest run ended until the next one. Short runs fall between two scrapes: the status after them still shows.",
			"各任务是否在执行，以及最近一次的结果（保持到下一次）。很短的执行可能落在两次采集之间，但其结果仍可见。"),
		noValue: noRuns(l), links: ofSeries(l, JobsUID),
	}, taskStates(l), series{taskState(), taskLegend})
}

func jobOutcomes(l Lang) dash.Panel {
	return pie(about{
		id: 13, title: l.T("Runs in the time shown, by status", "时段内任务状态分布"),
		description: l.T("Runs that ended within the time range of the dashboard, by status.", "仪表板时间范围内结束的任务，按状态分布。"),
		noValue:     l.T("no run ended in this time", "该时段没有任务结束"),
	}, countUnit, outcomes(), series{
		"round(" + sumBy("status", "increase("+metric("dbsync_run_total")+"[$__range])") + ") > 0", "{{status}}",
	})
}

func jobLatenessTrend(l Lang) dash.Panel {
	return graph(about{
		id: 21, title: l.T("Age of the newest success, of the promise", "距上次成功占承诺间隔"),
		description: l.T(
			"It climbs between runs and falls with each success. Beyond the line a run is missing: the schedule, the machine or the job itself.",
			"两次之间上升，成功后回落。超过虚线说明缺了一次：调度、机器或任务本身的问题。"),
		noValue: l.T("no task has promised an interval (--expect-every)", "没有任务承诺间隔（--expect-every）"), links: ofSeries(l, JobsUID),
	}, ratioUnit, levels(green, level{promiseBroken, orange}), series{lateness(), taskLegend})
}

func jobDurationTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 22, title: l.T("Duration", "耗时"),
		description: l.T("How long the newest run of each task took. A step up without more data is contention: look at the host at that time.",
			"各任务最近一次的耗时。数据量未变而跳升说明有争用：查看当时的主机。"),
		noValue: noRuns(l), links: ofSeries(l, JobsUID, HostUID),
	}, secondsUnit, nil, series{ofTask(metric("dbsync_run_last_duration_seconds")), taskLegend}))
}

func jobSizeTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 23, title: l.T("Size of what they made", "产出大小"),
		description: l.T("Size that the newest run of each task reported (--size-of). A fall by half is half the work.",
			"各任务最近一次上报的产出大小（--size-of）。减半意味着只做了一半。"),
		noValue: l.T("no task reports a size (--size-of)", "没有任务上报大小（--size-of）"), links: ofSeries(l, JobsUID),
	}, bytesUnit, nil, series{ofTask(metric("dbsync_run_last_size_bytes")), taskLegend}))
}

func jobValuesTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 31, title: l.T("Reported figures", "自报数值"),
		description: l.T(
			"Figures that runs report of themselves, such as rows copied or differences found; the 50 largest. A count of differences above 0 is a "+
				"sync that is not in sync.",
			"任务上报的数值，如复制行数、差异数（最大的 50 个）。差异数大于 0 说明同步不一致。"),
		noValue: l.T("no task reports figures", "没有任务上报数值"), links: ofSeries(l, JobsUID),
	}, shortUnit, nil, series{
		top(50, maxBy("instance, run_type, task, name", metric("dbsync_run_value"))), taskLegend + " {{name}}",
	}))
}
