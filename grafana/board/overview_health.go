// SPDX-License-Identifier: Apache-2.0

package board

import (
	"fmt"

	"github.com/easy-erp/dbsync/grafana/dash"
)

// overviewHealth is the top line: four judgements and three counts.
func overviewHealth(l Lang) []dash.Panel {
	return []dash.Panel{
		health(l, 1, AlertsUID, l.T("Overall", "整体"), "instance:dbsync_health:max",
			l.T("any component, the monitoring itself included", "任一组件（包括监控系统自身）")),
		health(l, 2, MySQLUID, l.T("Database", "数据库"), "instance:dbsync_database_health:max",
			l.T("the database servers", "数据库服务器")),
		health(l, 3, BackupsUID, l.T("Backup", "备份"), "instance:dbsync_backup_health:max",
			l.T("backups: missing, failed, late or too small", "备份（缺失、失败、延迟或过小）")),
		health(l, 4, MigrationsUID, l.T("Migration", "迁移"), "instance:dbsync_migration_health:max",
			l.T("migrations: failed, dirty or overdue", "迁移（失败、脏状态或超时）")),
		alertCount(l, 5, "critical", l.T("Critical", "严重"), vermilion),
		alertCount(l, 6, "warning", l.T("Warning", "警告"), orange),
		resolvedCount(l, 7),
	}
}

// health shows a recorded judgement: 2 while a critical alert fires, 1 while a
// warning does, 0 when neither does, absent when no rule is evaluated.
func health(l Lang, id int, uid, name, rule, scope string) dash.Panel {
	return stat(about{
		id: id, title: name,
		description: fmt.Sprintf(l.T(
			"Worst alert that fires for %s. Critical: somebody is being told now, see the alerts below. "+
				"Warning: look today. The judgement is the alert rules', not this panel's.",
			"%s中最严重的正在触发的告警。严重：正在通知值班人员，见下方告警表；警告：当天处理。判断来自告警规则，而非本面板。"), scope),
		noValue: l.T("not monitored", "未监控"), links: onBoard(uid, title(l, uid)),
	}, countUnit, "max("+recorded(rule)+")", levels(grey), states(
		state{"0", l.T("✔ healthy", "✔ 健康"), green},
		state{"1", l.T("▲ warning", "▲ 警告"), orange},
		state{"2", l.T("✖ critical", "✖ 严重"), vermilion},
	))
}

func alertCount(l Lang, id int, severity, name, color string) dash.Panel {
	expr := "count(" + alerts(fmt.Sprintf("severity=%q", severity)) + ") or " + rulesAlive
	return stat(about{
		id: id, title: name,
		description: fmt.Sprintf(l.T(
			"Alerts of severity %s that fire now, silenced ones included: a silence is Alertmanager's and does not stop the rule. "+
				"The table below names them.",
			"当前触发的 %s 级告警数，含已静默的告警：静默属于 Alertmanager，不会停止规则。下表列出具体告警。"), severity),
		noValue: noRules(l), links: onBoard(AlertsUID, title(l, AlertsUID)),
	}, countUnit, expr, levels(green, level{1, color}), nil)
}

func resolvedCount(l Lang, id int) dash.Panel {
	firing := alerts(`severity=~"critical|warning"`)
	expr := fmt.Sprintf("count(max_over_time(%s[24h]) unless %s) or %s", firing, firing, rulesAlive)
	return stat(about{
		id: id, title: l.T("Resolved in 24 h", "24 小时内已恢复"),
		description: l.T(
			"Alerts that fired during the last 24 hours and do not fire now. One that came and went five times counts once: "+
				"a number much lower than your notifications means that something flaps.",
			"过去 24 小时内触发过、现已恢复的告警数。反复触发五次的告警只计一次：若远少于收到的通知数，说明有告警在抖动。"),
		noValue: noRules(l), links: onBoard(AlertsUID, title(l, AlertsUID)),
	}, countUnit, expr, levels(blue), nil)
}

func noRules(l Lang) string {
	return l.T("no rules evaluated", "规则未执行")
}

// firingAlerts is asked from ALERTS and not from Grafana's alert list, which
// shows nothing where the data source is a variable.
func firingAlerts(l Lang, id int) dash.Panel {
	labels := "alertname, severity, component, instance, rule_id, reason"
	firing := alerts(`severity!="none"`)
	return table(about{
		id: id, title: l.T("Firing alerts", "正在触发的告警"),
		description: l.T(
			"What fires now and since when. The runbook of an alert is named after it; acknowledge with `dbsyncctl alert ack`. "+
				"Alerts without an instance are about the monitoring itself.",
			"当前触发的告警及开始时间。处理手册以告警名命名；用 `dbsyncctl alert ack` 确认告警。没有实例的告警针对监控系统自身。"),
		noValue: l.T("No alert fires", "没有触发的告警"),
	}, ascending(l.T("Severity", "级别")), // critical comes first in the alphabet
		column{label: "severity", title: l.T("Severity", "级别"), mappings: severities(l)},
		column{label: "alertname", title: l.T("Alert", "告警"), links: []dash.DataLink{{
			Title: l.T("Runbooks", "处理手册"), URL: runbooksURL, TargetBlank: true,
		}}},
		column{label: "instance", title: l.T("Instance", "实例"), links: ofInstance(l, OverviewUID, MySQLUID)},
		column{label: "component", title: l.T("Component", "组件")},
		column{label: "rule_id", title: l.T("Rule", "规则")},
		column{label: "reason", title: l.T("Reason", "原因")},
		column{
			title: l.T("Since", "开始于"), unit: agoUnit,
			expr: fmt.Sprintf("min by (%s) (ALERTS_FOR_STATE{instance=~\"$instance|\"} * on (%s) group_left () (0 * max by (%s) (%s) + 1)) * 1000",
				labels, labels, labels, firing),
		},
	)
}

func severities(l Lang) []dash.Mapping {
	return states(
		state{"critical", l.T("✖ critical", "✖ 严重"), vermilion},
		state{"warning", l.T("▲ warning", "▲ 警告"), orange},
		state{"info", l.T("ℹ info", "ℹ 提示"), blue},
	)
}

func serversUp(l Lang) dash.Panel {
	return timeline(about{
		id: 21, title: l.T("Servers up", "数据库可用状态"),
		description: l.T(
			"Whether the exporter could log in and query each server. 'No login' with a server that answers is the monitor's "+
				"account or a full connection limit: see dbsync_connect_error. A gap means that the exporter was not scraped.",
			"采集器能否登录并查询每台数据库。服务器有响应但“无法登录”，通常是监控账号或连接数上限问题，见 dbsync_connect_error。空白表示采集器未被抓取。"),
		noValue: l.T("no server is scraped", "没有被采集的数据库"), links: ofSeries(l, MySQLUID),
		alerts: []string{"MySQLDown", "MySQLNotAnswering", "MySQLLoginFailing"},
	}, serverStates(l), series{
		expr:   serverState(),
		legend: "{{instance}}",
	})
}

// serverState is 0 for a server that does not answer, 1 for one that lets nobody
// in, and 2 for one that is up.
func serverState() string {
	return perInstance(metric("mysql_up")+" + "+metric("dbsync_mysql_reachable")) + " or " + perInstance(metric("mysql_up"))
}

func serverStates(l Lang) []dash.Mapping {
	return states(
		state{"0", l.T("✖ unreachable", "✖ 无法连接"), vermilion},
		state{"1", l.T("▲ no login", "▲ 无法登录"), orange},
		state{"2", l.T("✔ up", "✔ 正常"), green},
	)
}
