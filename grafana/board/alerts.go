// SPDX-License-Identifier: Apache-2.0

package board

import (
	"fmt"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// Alerts answers "what fired, how often, and was anybody told?".
func Alerts(l Lang) dash.Dashboard {
	d := frame(l, AlertsUID,
		l.T("What fires and what fired, how long and how often, and whether the notifications arrived.",
			"正在与曾经触发的告警、时长与频次，以及通知是否送达。"))
	d.Time.From = "now-24h"
	d.Panels = stack(
		figures(alertFigures(l)...),
		heading(10, l.T("Now", "当前")),
		split([]int{16, 8}, firingAlerts(l, 11), pendingAlerts(l)),
		heading(20, l.T("History", "历史")),
		shelf{height: 12, panels: []dash.Panel{alertTimeline(l)}},
		graphs(firingTrend(l), timeFiring(l), noisiest(l)),
		heading(30, l.T("Notifications", "通知")),
		graphs(notificationsTrend(l), failedNotificationsTrend(l), notificationLatencyTrend(l)),
		graphs(suppressedTrend(l), handOverTrend(l), ruleFailuresTrend(l)),
	)
	return d
}

func noAlertmanager(l Lang) string {
	return l.T("no Alertmanager is scraped", "未采集 Alertmanager")
}

func alertFigures(l Lang) []dash.Panel {
	return []dash.Panel{
		alertCount(l, 1, "critical", l.T("Critical", "严重"), vermilion),
		alertCount(l, 2, "warning", l.T("Warning", "警告"), orange),
		alertCount(l, 3, "info", l.T("Info", "提示"), blue),
		resolvedCount(l, 4),
		stat(about{
			id: 5, title: l.T("Suppressed", "被抑制"),
			description: l.T(
				"Alerts that Alertmanager does not notify because of a silence, an acknowledgement or an inhibition. See them there before you trust a quiet night.",
				"因静默、确认或抑制而不通知的告警数。安静的夜晚之前先到 Alertmanager 查看它们。"),
			noValue: noAlertmanager(l),
		}, countUnit, `max(alertmanager_alerts{state="suppressed"})`, levels(green, level{1, blue}), nil),
		stat(about{
			id: 6, title: l.T("Silences", "静默"),
			description: l.T("Silences in force, acknowledgements among them. One that was forgotten hides the next incident.",
				"生效中的静默，含确认。被遗忘的静默会掩盖下一次故障。"),
			noValue: noAlertmanager(l),
		}, countUnit, `max(alertmanager_silences{state="active"})`, levels(green, level{1, blue}), nil),
		stat(about{
			id: 7, title: l.T("Undelivered", "未送达"),
			description: l.T(
				"Share of the notifications of the last minutes that failed, of the worst way. Above 1 % alertmanager_notifications_failing pages, "+
					"by the ways that still work.",
				"最近几分钟失败的通知比例（最差渠道）。超过 1% 时 alertmanager_notifications_failing 通过其他渠道告警。"),
			noValue: l.T("nothing was sent lately", "近期没有发送"), alerts: []string{"AlertmanagerNotificationsFailing"},
		}, ratioUnit, "max("+undelivered()+")", levels(green, level{notificationsFailing, vermilion}), nil),
		stat(about{
			id: 8, title: l.T("Watchdog", "看门狗"),
			description: l.T(
				"The alert that always fires, to prove that rules are evaluated. Where it is missing no alert can come: look at Prometheus first.",
				"始终触发、用于证明规则在执行的告警。缺失时不会有任何告警：先检查 Prometheus。"),
			noValue: l.T("✖ no rule is evaluated", "✖ 规则未执行"), alerts: []string{"Watchdog"},
		}, countUnit, `max(ALERTS{alertstate="firing",severity="none"})`, levels(grey), states(
			state{"1", l.T("✔ alive", "✔ 正常"), green},
		)),
	}
}

func pendingAlerts(l Lang) dash.Panel {
	return table(about{
		id: 12, title: l.T("About to fire", "即将触发"),
		description: l.T("Conditions that hold and have not held for long enough. Most of them go away by themselves.",
			"条件成立但未达到持续时间的告警，多数会自行消失。"),
		noValue: l.T("nothing is pending", "没有待触发的告警"),
	}, ascending(l.T("Severity", "级别")),
		column{label: "severity", title: l.T("Severity", "级别"), mappings: severities(l)},
		column{label: "alertname", title: l.T("Alert", "告警")},
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, AlertsUID, MySQLUID)},
		column{hidden: true, expr: `max by (severity, alertname, instance) (ALERTS{alertstate="pending",instance=~"$instance|"})`},
	)
}

func alertTimeline(l Lang) dash.Panel {
	return timeline(about{
		id: 21, title: l.T("What fired when", "告警时间线"),
		description: l.T(
			"One band per alert and server while it fired. Bands that begin together have one cause: the lowest layer among them (host, MySQL, backup) "+
				"is usually it.",
			"每个告警与实例在触发期间显示一条色带。同时开始的色带同源，最底层的（主机、MySQL、备份）往往是原因。"),
		noValue: l.T("nothing fired in this time", "该时段没有告警触发"), links: ofSeries(l, OverviewUID),
	}, states(
		state{"1", l.T("ℹ info", "ℹ 提示"), blue},
		state{"2", l.T("▲ warning", "▲ 警告"), orange},
		state{"3", l.T("✖ critical", "✖ 严重"), vermilion},
	), series{
		fmt.Sprintf("max by (alertname, instance) (3 * %s or 2 * %s or %s)",
			alerts(`severity="critical"`), alerts(`severity="warning"`), alerts(`severity="info"`)),
		"{{alertname}} {{instance}}",
	})
}

// recordingInterval is the seconds between two samples of alertStarts: a minute,
// unless somebody has changed the rule's group.
const recordingInterval = `scalar(max(prometheus_rule_group_interval_seconds{rule_group=~".*;dbsync_dashboards"}) or vector(60))`

// alertStarts has a sample a minute for each alert that fires; its value is when
// the alert became active.
func alertStarts() string {
	return recorded("instance_alertname:dbsync_alert_start_timestamp_seconds:max")
}

func firingTrend(l Lang) dash.Panel {
	return stepped(stacked(graph(about{
		id: 22, title: l.T("Alerts firing", "触发中的告警数"),
		description: l.T(
			"Alerts that fire, by severity. A floor that never falls is alerts that nobody repairs or that should not exist.",
			"按级别统计的触发中告警数。始终不降的底数是无人处理或不该存在的告警。"),
		noValue: l.T("nothing fired in this time", "该时段没有告警触发"),
	}, countUnit, nil, series{"count by (severity) (" + alerts(`severity!="none"`) + ")", "{{severity}}"})))
}

func timeFiring(l Lang) dash.Panel {
	return bars(about{
		id: 23, title: l.T("Time spent firing", "累计触发时长"),
		description: l.T(
			"How long each alert fired within the time shown, all servers added up, the 15 longest. What fires for days is either an incident that "+
				"nobody owns or a rule with the wrong threshold.",
			"时间范围内各告警累计触发时长（所有实例相加，最长的 15 个）。连续触发数日的，不是无人负责的故障就是阈值不当的规则。"),
		noValue: l.T("nothing fired in this time", "该时段没有告警触发"),
	}, secondsUnit, levels(blue), series{
		top(15, "sum by (alertname) (count_over_time("+alertStarts()+"[$__range])) * "+recordingInterval),
		"{{alertname}}",
	})
}

func noisiest(l Lang) dash.Panel {
	return bars(about{
		id: 24, title: l.T("Times it began to fire", "触发次数"),
		description: l.T(
			"How often each alert began to fire within the time shown, the 15 noisiest. Many short ones: the condition flaps; give the rule "+
				"a longer duration, or repair what comes and goes.",
			"时间范围内各告警开始触发的次数（最多的 15 个）。次数多而短：条件在抖动，应延长规则的持续时间，或修复时好时坏的部件。"),
		noValue: l.T("nothing fired in this time", "该时段没有告警触发"),
	}, countUnit, levels(blue), series{
		top(15, "sum by (alertname) (1 + changes("+alertStarts()+"[$__range]))"), "{{alertname}}",
	})
}
