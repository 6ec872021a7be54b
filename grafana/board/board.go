// SPDX-License-Identifier: Apache-2.0

// Package board holds the content of the dashboards: which questions they
// answer, with which queries, in English and in Chinese.
//
// House rules of every board, which grafana/lint checks where a program can:
//   - A judgement comes from the alert rules, never from a second threshold in
//     a panel; lines are drawn where rules alert.
//   - What a recording rule gives is read from there: the panel, the alert and
//     dbsyncctl then cannot disagree, and a hundred servers stay cheap.
//   - Absence is never painted as zero; the text in its place says why.
//   - A description says what the panel means and what to do about it.
//   - No colour carries a meaning alone: a text stands beside it, and the
//     colours are Okabe and Ito's, which colour-blind readers can tell apart.
package board

import "github.com/easy-erp/dbsync/grafana/dash"

// Tag is what all boards share; the drop-down of boards lists by it.
const Tag = "dbsync"

// All builds every board in the given language. The file name of a board is
// its uid and ".json".
func All(l Lang) []dash.Dashboard {
	return []dash.Dashboard{
		Overview(l), MySQL(l), Migrations(l), Backups(l), Host(l), API(l), Jobs(l), Alerts(l), Monitoring(l),
	}
}

// frame is what all boards have in common: the bar, the variables and the
// annotations.
func frame(l Lang, uid, description string) dash.Dashboard {
	return dash.Dashboard{
		UID: uid, Title: "dbsync " + title(l, uid), Description: description,
		Tags:          []string{Tag, "mysql"},
		GraphTooltip:  1,
		Refresh:       "1m",
		SchemaVersion: dash.SchemaVersion,
		Time:          dash.TimeRange{From: "now-3h", To: "now"},
		Timezone:      "browser",
		Links:         links(l),
		Annotations:   dash.Annotations{List: annotations(l)},
		Templating:    dash.Templating{List: variables(l)},
	}
}

func links(l Lang) []dash.Link {
	return []dash.Link{
		{
			Title: l.T("dbsync dashboards", "dbsync 仪表板"), Type: "dashboards", Icon: "external link",
			Tags: []string{Tag}, AsDropdown: true, IncludeVars: true, KeepTime: true,
		},
		{
			Title: l.T("Runbooks", "处理手册"), Type: "link", Icon: "doc", Tags: []string{},
			URL:     runbooksURL,
			Tooltip: l.T("One page per alert: what it means and what to do", "每个告警一页：含义与处理步骤"), TargetBlank: true,
		},
	}
}

// variables asks mysql_up, which has one series per server and job and is there
// when the server is down.
func variables(l Lang) []dash.Variable { return variablesOf(l, "mysql_up") }

// variablesOf offers the jobs and instances that have the metric.
func variablesOf(l Lang, name string) []dash.Variable {
	return []dash.Variable{
		dash.DataSourceVariable(l.T("Data source", "数据源")),
		dash.LabelVariable("job", l.T("Job", "采集任务"), `label_values(`+name+`, job)`),
		dash.LabelVariable("instance", l.T("Instance", "实例"), `label_values(`+name+`{job=~"$job"}, instance)`),
	}
}

// annotations mark what explains a bend in a curve. The rules record an event for
// four minutes, as far apart as Grafana asks over a month.
func annotations(l Lang) []dash.Annotation {
	return []dash.Annotation{
		annotation(l.T("Critical alerts", "严重告警"), vermilion,
			alerts(`severity="critical"`), "{{alertname}}", "{{instance}} {{component}}"),
		annotation(l.T("Migrations applied", "迁移已执行"), blue,
			recorded("instance_schema_tool:dbsync_migration_last_applied_timestamp_seconds:just_now"),
			l.T("Migration applied", "迁移已执行"), "{{instance}} {{schema}} {{tool}}"),
		annotation(l.T("Backups finished", "备份完成"), green,
			recorded("instance_backup:dbsync_backup_last_success_timestamp_seconds:just_now"),
			l.T("Backup finished", "备份完成"), "{{instance}} {{backup}}"),
		annotation(l.T("Server restarts", "数据库重启"), purple,
			recorded("instance:mysql_global_status_uptime:just_now"),
			l.T("Server restarted", "数据库重启"), "{{instance}}"),
		annotation(l.T("Deployments", "发布"), orange,
			recorded("instance_task:dbsync_deployment_end_timestamp_seconds:just_now"),
			l.T("Deployment ended", "发布结束"), "{{instance}} {{task}}"),
	}
}

func annotation(name, color, expr, title, text string) dash.Annotation {
	return dash.Annotation{
		Name: name, Datasource: dash.Prometheus(), Enable: true, IconColor: color,
		Expr: expr, Step: "60s", TitleFormat: title, TextFormat: text, TagKeys: "instance",
	}
}
