// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math/rand/v2"
	"time"
)

// The faults of migrations and backups.
var (
	migrationFailed = Fault{RuleID: "migration_failure", Lasting: Tick, Within: 30 * time.Second, Page: true,
		Also: []string{"migration_history_diverged"}}
	migrationLong = Fault{RuleID: "migration_running_long", Lasting: 75 * time.Second, Within: 2 * time.Minute}
	historyDiffer = Fault{RuleID: "migration_history_diverged", Lasting: 15*time.Minute + 15*time.Second, Within: 16 * time.Minute}

	backupFailed = Fault{RuleID: "backup_failure", Lasting: 3 * time.Minute, Within: 3 * time.Minute}
	backupSmall  = Fault{RuleID: "backup_too_small", Lasting: 3 * time.Minute, Within: 3 * time.Minute}
)

// records are a migration history and a nightly backup, which change seldom.
type records struct {
	random *rand.Rand
	state  recordState
	life   []effect[recordState]
	born   time.Time
	size   float64
}

type recordState struct {
	failed, changed, missing int
	lock                     Span // the migration in progress
	up                       bool

	status      string // of the last backup
	success     time.Time
	start       time.Time // of the one that ran last, or runs
	duration    float64   // seconds
	inProgress  bool
	size        float64
	failedRuns  float64 // of the last 24 hours
	goodRuns    float64
	failedMoves float64 // migrations of the last 24 hours
	goodMoves   float64
}

func newRecords(random *rand.Rand, from time.Time) *records {
	return &records{random: random, born: from.Add(-time.Duration(random.Int64N(int64(20 * time.Hour)))), size: 1e9 * (1 + 9*random.Float64())}
}

func (*records) job() string { return "dbsync" }

const (
	backupEvery = 24 * time.Hour
	backupTakes = 10 * time.Minute // at most, by the promise
	lockTakes   = 30 * time.Minute
)

func (r *records) step(now time.Time, holds func(Fault)) {
	// A backup each day at about the same time, larger by the day.
	began := now.Add(-now.Sub(r.born) % backupEvery)
	takes := 4 * time.Minute
	st := recordState{
		up: true, status: "success", start: began, duration: takes.Seconds(), success: began.Add(takes),
		inProgress: now.Before(began.Add(takes)), size: r.size * (1 + .01*r.random.Float64()), goodRuns: 1,
		goodMoves: 3,
	}
	if st.inProgress {
		st.success = st.success.Add(-backupEvery)
	}
	for _, e := range r.life {
		if e.Has(now) {
			e.do(&st, now)
		}
	}
	r.state = st
	for _, f := range []struct {
		Fault
		holds bool
	}{
		{migrationFailed, st.failed > 0},
		{migrationLong, st.lock.Has(now) && now.Sub(st.lock.From) > lockTakes},
		{historyDiffer, st.changed+st.missing > 0},
		{backupFailed, st.status != "success" || now.Sub(st.success) > backupEvery+backupTakes ||
			st.inProgress && now.Sub(st.start) > backupTakes || !st.inProgress && st.duration > backupTakes.Seconds()},
		{backupSmall, st.size < 5e8},
	} {
		if f.holds {
			holds(f.Fault)
		}
	}
}

func (r *records) sample(now time.Time, set setter) {
	st := &r.state
	set("mysql_up", flag(st.up))
	history := []string{"schema", "erp", "tool", "golang-migrate", "history", "schema_migrations"}
	with := func(name, value string) []string { return append(history[:len(history):len(history)], name, value) }
	set("dbsync_migration_history_visible", 1, history...)
	set("dbsync_migration_revisions", 120, with("state", "applied")...)
	set("dbsync_migration_revisions", float64(st.failed), with("state", "failed")...)
	set("dbsync_migration_revisions", float64(st.changed), with("state", "changed")...)
	set("dbsync_migration_revisions", float64(st.missing), with("state", "missing")...)
	set("dbsync_migration_lock_held", flag(st.lock.Has(now)), history...)
	set("dbsync_migration_max_duration_seconds", lockTakes.Seconds(), history...)
	if st.lock.Has(now) {
		set("dbsync_migration_lock_acquired_timestamp_seconds", unix(st.lock.From), history...)
	}
	runs := func(name string, labels []string, status string, n float64) {
		set(name, n, append(labels[:len(labels):len(labels)], "status", status, "window", "24h")...)
	}
	runs("dbsync_migration_recent_runs", history, "success", st.goodMoves)
	runs("dbsync_migration_recent_runs", history, "failed", st.failedMoves)

	backup := []string{"backup", "nightly", "method", "mysqldump", "kind", "full"}
	for _, status := range []string{"success", "failed", "timeout", "partial", "lost"} {
		set("dbsync_backup_last_status", flag(st.status == status), append(backup[:6:6], "status", status)...)
	}
	set("dbsync_backup_last_success_timestamp_seconds", unix(st.success), backup...)
	set("dbsync_backup_last_start_timestamp_seconds", unix(st.start), backup...)
	set("dbsync_backup_last_duration_seconds", st.duration, backup...)
	set("dbsync_backup_in_progress", flag(st.inProgress), backup...)
	set("dbsync_backup_last_success_size_bytes", st.size, backup...)
	set("dbsync_backup_expected_interval_seconds", backupEvery.Seconds(), backup...)
	set("dbsync_backup_max_duration_seconds", backupTakes.Seconds(), backup...)
	set("dbsync_backup_min_size_bytes", 5e8, backup...)
	runs("dbsync_backup_recent_runs", backup, "success", st.goodRuns)
	runs("dbsync_backup_recent_runs", backup, "failed", st.failedRuns)
	set("dbsync_source_success", 1, "collector", "backup", "source", "nightly")
	set("dbsync_source_success", 1, "collector", "migration.history", "source", "erp.schema_migrations")
}

// ordinary is what happens where all is well.
func (r *records) ordinary(span Span) {
	at := func() time.Time {
		return span.From.Add(time.Duration(r.random.Int64N(int64(span.Length())))).Truncate(Tick)
	}
	for n := r.random.IntN(4); n > 0; n-- { // migrations, short and not so short
		from := at()
		job := Span{from, from.Add(time.Duration(float64(25*time.Minute) * r.random.Float64()))}
		r.life = append(r.life, effect[recordState]{job, func(st *recordState, _ time.Time) { st.lock = job; st.goodMoves++ }})
	}
	if r.random.IntN(3) == 0 { // tonight's backup is late, within the promise, and takes twice as long
		late := time.Duration(r.random.Int64N(int64(5 * time.Minute)))
		r.life = append(r.life, effect[recordState]{span, func(st *recordState, now time.Time) {
			if since := now.Sub(st.start); since < late {
				st.inProgress, st.start, st.success = false, st.start.Add(-backupEvery), st.start.Add(4*time.Minute-backupEvery)
			}
		}})
	}
	if r.random.IntN(4) == 0 { // tables were archived: the next backups are a quarter smaller
		r.life = append(r.life, effect[recordState]{span, func(st *recordState, _ time.Time) { st.size *= .75 }})
	}
	if r.random.IntN(4) == 0 { // one failed run within a day, and a good one after it
		r.life = append(r.life, effect[recordState]{span, func(st *recordState, _ time.Time) { st.failedRuns = 1 }})
	}
	if r.random.IntN(4) == 0 { // files are there before they are applied, and for a moment the other way round
		from := at()
		during := Span{from, from.Add(time.Duration(r.random.Int64N(int64(8 * time.Minute))))}
		r.life = append(r.life, effect[recordState]{during, func(st *recordState, _ time.Time) { st.missing = 2 }})
	}
}

// put puts a fault in.
func (r *records) put(f Fault, sh shape) {
	kind := r.random.IntN(4)
	do := map[string]func(*recordState, time.Time){
		migrationFailed.RuleID: func(st *recordState, _ time.Time) { st.failed = 1 },
		migrationLong.RuleID:   func(st *recordState, _ time.Time) { st.lock = Span{sh.From.Add(-lockTakes), sh.To} },
		historyDiffer.RuleID:   func(st *recordState, _ time.Time) { st.changed = 1 },
		backupSmall.RuleID:     func(st *recordState, _ time.Time) { st.size = 4e8 },
		backupFailed.RuleID: func(st *recordState, _ time.Time) {
			switch kind {
			case 0:
				st.status = []string{"failed", "partial", "timeout", "lost"}[int(r.size)%4]
			case 1: // none was made at all
				st.success, st.start, st.inProgress = sh.From.Add(-backupEvery-backupTakes), sh.From.Add(-backupEvery-backupTakes), false
			case 2: // it hangs
				st.inProgress, st.start = true, sh.From.Add(-backupTakes)
			case 3: // it took too long
				st.duration = 900
			}
		},
	}[f.RuleID]
	r.life = append(r.life, effect[recordState]{sh.Span, func(st *recordState, now time.Time) {
		if sh.at(now) > 0 {
			do(st, now)
		}
	}})
}

func recordFaults() []Fault {
	return []Fault{migrationFailed, migrationLong, historyDiffer, backupFailed, backupSmall}
}
