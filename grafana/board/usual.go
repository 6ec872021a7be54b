// SPDX-License-Identifier: Apache-2.0

package board

import "github.com/easy-erp/dbsync/grafana/dash"

// usual draws a measure with what is usual at the hour, and the band beyond which
// it is called unusual.
func usual(a about, unit, measure, labels, legend string) dash.Panel {
	of := func(what string) string {
		return maxBy(labels, recorded("instance_measure:dbsync_load:"+what, `measure="`+measure+`"`))
	}
	return graph(a, unit, nil,
		series{of("mean10m"), legend},
		series{of("usual"), legend + " ~"},
		series{of("high"), legend + " ≤"},
		series{of("low"), legend + " ≥"})
}

// unusualMySQL is what is judged by the hours of earlier days.
func unusualMySQL(l Lang) []shelf {
	of := func(id int, en, zh string, alerts ...string) about {
		return about{
			id: id, title: l.T(en, zh), description: usualDescription(l), noValue: noUsual(l), alerts: alerts, links: ofSeries(l, MySQLUID),
		}
	}
	const server, legend = "instance", "{{instance}}"
	return []shelf{
		graphs(
			usual(of(121, "Connections against what is usual", "连接数与往常对比", "MySQLUnusual"), countUnit, "connections", server, legend),
			usual(of(122, "Statements against what is usual", "每秒语句数与往常对比", "MySQLUnusual", "MySQLTrafficGone"), opsUnit, "queries", server, legend),
			usual(of(123, "Time of a statement against what is usual", "语句耗时与往常对比", "MySQLUnusual"), secondsUnit, "latency", server, legend)),
		graphs(
			usual(of(124, "Failing connections against what is usual", "失败连接与往常对比", "MySQLUnusual"), opsUnit, "errors", server, legend),
			usual(of(125, "Replication lag against what is usual", "复制延迟与往常对比", "MySQLUnusual"), secondsUnit, "lag", server, legend)),
	}
}

// unusualAPI is the same of the APIs.
func unusualAPI(l Lang) shelf {
	of := func(id int, en, zh string) about {
		return about{
			id: id, title: l.T(en, zh), description: usualDescription(l), noValue: noUsual(l), alerts: []string{"ApiUnusual"}, links: ofSeries(l, APIUID),
		}
	}
	const api, legend = "instance, api", "{{instance}} {{api}}"
	return graphs(
		usual(of(61, "Requests against what is usual", "请求量与往常对比"), rpsUnit, "api_requests", api, legend),
		usual(of(62, "Failing requests against what is usual", "失败率与往常对比"), ratioUnit, "api_errors", api, legend))
}

func usualDescription(l Lang) string {
	return l.T(
		"The mean of ten minutes; ~ what it was at this hour of the weekday, the median of up to three weeks; ≤ and ≥ the band around what the "+
			"last days and weeks had at this hour. Beyond it for a quarter of an hour is unusual. Pick one server to read it well.",
		"十分钟均值；~ 为同一星期几同一时段的中位数（最多三周）；≤ 与 ≥ 为由前几日和前几周同一时段得出的区间。超出区间一刻钟即为异常。选择单台更易阅读。")
}

func noUsual(l Lang) string {
	return l.T("no such measure here, or less than a week of data", "没有该指标，或数据不足一周")
}
