// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math/rand/v2"
	"time"
)

// jobFacts are about jobs, and about the layer around the database.
func jobFacts(random *rand.Rand, from time.Time) []fact {
	const hour = time.Hour
	hung := random.IntN(2) == 0 // runs begin, and none ends
	late := time.Duration(random.Int64N(int64(5 * time.Minute)))
	var lines, unparsed counter
	status := func(task, is string, set setter) {
		for _, s := range []string{"success", "failed", "timeout", "partial", "lost", "running"} {
			set("dbsync_run_last_status", flag(s == is), "run_type", "job", "task", task, "status", s)
		}
	}
	pick := func(since time.Time, bad string) string {
		if since.IsZero() {
			return "success"
		}
		return bad
	}
	bad := []string{"failed", "timeout", "partial"}[random.IntN(3)]
	return []fact{
		{
			Fault:  Fault{RuleID: "job_failed", Lasting: time.Minute, Within: 2 * time.Minute},
			sample: func(_, since time.Time, set setter) { status("invoices", pick(since, bad), set) },
		},
		{
			Fault:  Fault{RuleID: "job_lost", Lasting: time.Minute, Within: 2 * time.Minute},
			sample: func(_, since time.Time, set setter) { status("payroll", pick(since, "lost"), set) },
		},
		{ // a busy scheduler is some minutes late
			Fault: Fault{RuleID: "job_overdue", Lasting: 105 * time.Second, Within: 3 * time.Minute},
			sample: func(now, since time.Time, set setter) {
				task := []string{"run_type", "job", "task", "prices"}
				age := now.Sub(from.Add(-30*time.Minute)) % (hour + late)
				start, end := unix(now.Add(-age)), unix(now.Add(-age+time.Minute))
				if age < time.Minute {
					end -= (hour + late).Seconds()
				}
				switch {
				case !since.IsZero() && hung:
					end = unix(since.Add(-hour*22/10 - 5*time.Minute))
				case !since.IsZero():
					start = unix(since.Add(-hour*11/10 - 5*time.Minute))
					end = start + 60
				}
				set("dbsync_run_expected_interval_seconds", hour.Seconds(), task...)
				set("dbsync_run_last_start_timestamp_seconds", start, task...)
				set("dbsync_run_last_end_timestamp_seconds", end, task...)
			},
		},
		{ // one of two front ends shows the old certificate for a while
			Fault:   Fault{RuleID: "api_certificate_expiring", Lasting: 5*time.Minute + 15*time.Second, Within: 6*time.Minute + 30*time.Second, Page: true},
			excused: 4 * time.Minute,
			sample: func(now, since time.Time, set setter) {
				set("dbsync_api_probe_certificate_expiry_timestamp_seconds", unix(now.Add(time.Duration(30-20*yes(since))*24*time.Hour)), "api", "gateway")
			},
		},
		{ // lines of another format after a deployment
			Fault:   Fault{RuleID: "api_log_unparsed", Lasting: 10 * time.Minute, Within: 15 * time.Minute},
			excused: time.Minute,
			sample: func(now, since time.Time, set setter) {
				set("dbsync_api_log_lines_total", lines.at(now, 20), "log", "gateway")
				set("dbsync_api_log_unparsed_lines_total", unparsed.at(now, .1+10*yes(since)), "log", "gateway")
			},
		},
		{
			Fault:   Fault{RuleID: "prometheus_config_reload_failed", Lasting: 90 * time.Second, Within: 150 * time.Second},
			excused: 40 * time.Second,
			sample:  func(_, since time.Time, set setter) { set("prometheus_config_last_reload_successful", 1-yes(since)) },
		},
		{
			Fault:   Fault{RuleID: "alertmanager_config_reload_failed", Lasting: 90 * time.Second, Within: 150 * time.Second},
			excused: 40 * time.Second,
			sample:  func(_, since time.Time, set setter) { set("alertmanager_config_last_reload_successful", 1-yes(since)) },
		},
	}
}
