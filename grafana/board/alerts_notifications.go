// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// wayLabels tell one way of notifying from another. Alertmanager 0.28 and later
// name the receiver when started with --enable-feature=receiver-name-in-metrics.
const (
	wayLabels = "integration, receiver_name"
	wayLegend = "{{integration}} {{receiver_name}}"
)

func sent(name string) string { return sumBy(wayLabels, "rate("+name+"[$__rate_interval])") }

func undelivered() string {
	return sent("alertmanager_notifications_failed_total") + " / (" + sent("alertmanager_notifications_total") + " > 0)"
}

func notificationsTrend(l Lang) dash.Panel {
	return graph(about{
		id: 31, title: l.T("Notifications sent", "已发送通知"),
		description: l.T(
			"Notifications per second by way. Receivers are told apart where Alertmanager runs with --enable-feature=receiver-name-in-metrics.",
			"各渠道每秒发送的通知。Alertmanager 以 --enable-feature=receiver-name-in-metrics 运行时可区分接收者。"),
		noValue: noAlertmanager(l),
	}, eventsUnit, nil, series{sent("alertmanager_notifications_total") + " > 0", wayLegend})
}

func failedNotificationsTrend(l Lang) dash.Panel {
	return upTo(1, graph(about{
		id: 32, title: l.T("Notifications that failed", "失败的通知"),
		description: l.T(
			"Share of the notifications of each way that failed. Above the line alertmanager_notifications_failing pages. `dbsyncctl channel test` tries "+
				"one receiver and shows the error.",
			"各渠道失败的通知比例。超过虚线时 alertmanager_notifications_failing 告警。用 `dbsyncctl channel test` 测试单个接收者并查看错误。"),
		noValue: l.T("nothing was sent in this time", "该时段没有发送通知"), alerts: []string{"AlertmanagerNotificationsFailing"},
	}, ratioUnit, levels(green, level{notificationsFailing, vermilion}), series{undelivered(), wayLegend}))
}

func notificationLatencyTrend(l Lang) dash.Panel {
	return graph(about{
		id: 33, title: l.T("Time to hand over, 95 %", "发送耗时 p95"),
		description: l.T(
			"Time within which 95 of 100 notifications were taken by the mail server, Slack, the webhook. Some seconds are usual for mail; more delays "+
				"everybody who is told after it.",
			"95% 的通知被邮件服务器、Slack 或 webhook 接收的耗时。邮件几秒属正常；更久会延误其后所有人。"),
		noValue: l.T("nothing was sent in this time", "该时段没有发送通知"), alerts: []string{"AlertmanagerNotificationsFailing"},
	}, secondsUnit, nil, series{
		"histogram_quantile(0.95, " + sumBy("le, "+wayLabels, "rate(alertmanager_notification_latency_seconds_bucket[$__rate_interval])") + ")",
		wayLegend,
	})
}

func suppressedTrend(l Lang) dash.Panel {
	return stepped(graph(about{
		id: 34, title: l.T("Alerts in Alertmanager", "Alertmanager 中的告警"),
		description: l.T(
			"Alerts that Alertmanager knows, by state. Suppressed ones are silenced, acknowledged or inhibited: nobody is told of them.",
			"Alertmanager 中的告警（按状态）。suppressed 为被静默、确认或抑制：不会通知任何人。"),
		noValue: noAlertmanager(l),
	}, countUnit, nil, series{"max by (state) (alertmanager_alerts)", "{{state}}"}))
}

func handOverTrend(l Lang) dash.Panel {
	return graph(about{
		id: 35, title: l.T("Alerts on the way to Alertmanager", "发往 Alertmanager 的告警"),
		description: l.T(
			"Alerts per second that Prometheus sent, and those that it could not send or had to drop. Any error for a minute pages "+
				"(prometheus_not_sending_alerts): nobody else would tell you.",
			"Prometheus 每秒发出的告警，以及发送失败或被丢弃的告警。错误持续一分钟即告警（prometheus_not_sending_alerts）：否则无人知晓。"),
		noValue: l.T("Prometheus does not scrape itself", "Prometheus 未采集自身"), alerts: []string{"PrometheusNotSendingAlerts"},
	}, eventsUnit, nil,
		series{"sum(rate(prometheus_notifications_sent_total[$__rate_interval]))", l.T("sent", "已发送")},
		series{"sum(rate(prometheus_notifications_errors_total[$__rate_interval]))", l.T("failed", "失败")},
		series{"sum(rate(prometheus_notifications_dropped_total[$__rate_interval]))", l.T("dropped", "丢弃")},
	)
}

func ruleFailuresTrend(l Lang) dash.Panel {
	return graph(about{
		id: 36, title: l.T("Rules that fail", "失败的规则"),
		description: l.T(
			"Evaluations per second that failed, by rule group. A rule that fails cannot fire: Prometheus' page /rules shows the error.",
			"每秒失败的规则执行（按规则组）。失败的规则不会触发：错误见 Prometheus 的 /rules 页面。"),
		noValue: l.T("Prometheus does not scrape itself", "Prometheus 未采集自身"), alerts: []string{"PrometheusRuleFailures"},
	}, eventsUnit, nil,
		series{"sum by (rule_group) (rate(prometheus_rule_evaluation_failures_total[$__rate_interval]))", "{{rule_group}}"})
}
