// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// Jobs answers "did what should have run, run?", for everything that reports its
// runs: dbsyncctl run, the HTTP API, the client library.
func Jobs(l Lang) dash.Dashboard {
	d := frame(l, JobsUID,
		l.T("Runs that were reported: migrations, backups, syncs, restore tests, deployments; whether they came in time and what they said of themselves.",
			"已上报的任务：迁移、备份、同步、恢复演练、发布；是否按时，以及各自上报的数据。"))
	d.Time.From = "now-7d"
	d.Panels = stack(
		figures(jobFigures(l)...),
		heading(10, l.T("Tasks", "任务")),
		graphs(jobTable(l)),
		split([]int{16, 8}, jobTimeline(l), jobOutcomes(l)),
		heading(20, l.T("Time and size", "耗时与大小")),
		graphs(jobLatenessTrend(l), jobDurationTrend(l), jobSizeTrend(l)),
		heading(30, l.T("What they report of themselves", "自报数据")),
		graphs(jobValuesTrend(l)),
	)
	return d
}

func noRuns(l Lang) string {
	return l.T("no run has been reported (see docs/runs.md)", "没有上报过任务（见 docs/runs.md）")
}

// someRuns counts what an expression returns, and is 0 when it returns nothing
// although runs were reported.
func someRuns(expr string) string {
	return "count(" + expr + ") or 0 * count(" + metric("dbsync_run_in_progress") + ")"
}

// ofTask gives one value per task.
func ofTask(expr string) string { return maxBy("instance, run_type, task", expr) }

// lateness is how old the newest success is, as a share of the promised interval.
func lateness() string {
	return ofTask(age(metric("dbsync_run_last_success_timestamp_seconds"))) + " / (" +
		ofTask(metric("dbsync_run_expected_interval_seconds")) + " > 0)"
}

const failedStatuses = `status=~"failed|timeout|partial|lost"`

func jobFigures(l Lang) []dash.Panel {
	return []dash.Panel{
		stat(about{
			id: 1, title: l.T("Running", "执行中"),
			description: l.T("Runs that began and have not reported their end. One that was killed shows as lost after a while.",
				"已开始但未上报结束的任务。被强行终止的稍后显示为 lost。"),
			noValue: noRuns(l),
		}, countUnit, "sum("+metric("dbsync_run_in_progress")+")", levels(green, level{1, blue}), nil),
		stat(about{
			id: 2, title: l.T("Last run failed", "最近一次失败"),
			description: l.T("Tasks whose newest run did not succeed. Read its output where it ran, then run it again.",
				"最近一次未成功的任务数。到执行处查看输出后重跑。"),
			noValue: noRuns(l), alerts: []string{"JobFailed", "JobLost"},
		}, countUnit, someRuns(ofTask(metric("dbsync_run_last_status", failedStatuses))+" > 0"), levels(green, level{1, vermilion}), nil),
		stat(about{
			id: 3, title: l.T("Late", "逾期"),
			description: l.T("Tasks whose newest success is older than the interval that they promised (--expect-every). See whether the schedule still runs.",
				"距上次成功超过承诺间隔（--expect-every）的任务数。检查调度是否仍在运行。"),
			noValue: noRuns(l), alerts: []string{"JobOverdue"},
		}, countUnit, someRuns(lateness()+" > 1"), levels(green, level{1, orange}), nil),
		stat(about{
			id: 4, title: l.T("Runs in the time shown", "时段内任务数"),
			description: l.T("Runs that ended within the time range of the dashboard.", "仪表板时间范围内结束的任务数。"),
			noValue:     noRuns(l),
		}, countUnit, "round(sum(increase("+metric("dbsync_run_total")+"[$__range])))", levels(blue), nil),
		stat(about{
			id: 5, title: l.T("Failed in the time shown", "时段内失败数"),
			description: l.T("Runs that ended without success within the time range of the dashboard.", "仪表板时间范围内未成功的任务数。"),
			noValue:     noRuns(l),
		}, countUnit, "round(sum(increase("+metric("dbsync_run_total", failedStatuses)+"[$__range])))", levels(green, level{1, orange}), nil),
		stat(about{
			id: 6, title: l.T("Last deployment", "最近发布"),
			description: l.T("When the newest deployment or release ended, as reported. A fault right after it has its first suspect.",
				"最近一次上报的发布结束时间。紧随其后的故障首先怀疑它。"),
			noValue: l.T("no deployment has been reported", "没有上报过发布"),
		}, agoUnit, millis("max("+metric("dbsync_run_last_end_timestamp_seconds", `run_type=~".*(deploy|release).*"`)+")"), levels(blue), nil),
	}
}
