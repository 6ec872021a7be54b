// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math"
	"math/rand/v2"
	"time"
)

// The faults of a server, with the thresholds and waits that the documentation
// promises.
var (
	mysqlDown = Fault{RuleID: "mysql_down", Lasting: 45 * time.Second, Within: 75 * time.Second, Page: true,
		Also: []string{"mysql_not_answering", "mysql_replication_stopped"}}
	mysqlHangs = Fault{RuleID: "mysql_not_answering", Lasting: 75 * time.Second, Within: 2 * time.Minute, Page: true,
		Also: []string{"mysql_down"}}
	mysqlFull = Fault{RuleID: "mysql_too_many_connections", Lasting: 45 * time.Second, Within: 75 * time.Second, Page: true,
		Also: []string{"database_connections_high"}}
	mysqlDenied = Fault{RuleID: "mysql_login_failing", Lasting: 75 * time.Second, Within: 2 * time.Minute}
	connections = Fault{RuleID: "database_connections_high", Lasting: 3*time.Minute + 15*time.Second, Within: 4 * time.Minute}
	slowQueries = Fault{RuleID: "query_performance_degraded", Lasting: 11 * time.Minute, Within: 11*time.Minute + 30*time.Second}
	replStopped = Fault{RuleID: "mysql_replication_stopped", Lasting: 75 * time.Second, Within: 2 * time.Minute, Page: true}
	replLag     = Fault{RuleID: "mysql_replication_lag", Lasting: 5*time.Minute + 15*time.Second, Within: 6 * time.Minute}
	lockPileUp  = Fault{RuleID: "mysql_metadata_lock_pile_up", Lasting: 75 * time.Second, Within: 2 * time.Minute, Page: true}
	longTrx     = Fault{RuleID: "mysql_long_transaction", Lasting: 5*time.Minute + 30*time.Second, Within: 7 * time.Minute}
)

// server is a MySQL server, primary or replica, as its exporter sees it.
type server struct {
	random *rand.Rand
	state  serverState
	life   []effect[serverState]

	base, swing float64 // connections: the night's, and what the day adds
	replica     bool
	wave        float64 // of the noise

	statements, seconds, slow float64 // counters
}

// serverState is what is true of a server at one moment.
type serverState struct {
	up, reachable bool
	reason        string // why there is no login
	connections   float64
	limit         float64
	rate          float64 // statements per second
	latency       float64 // seconds, mean
	io, sql       bool
	lagKnown      bool
	lag           float64 // seconds
	waiters       int     // on metadata locks
	oldestWait    float64 // seconds
	transaction   time.Time
	maintenance   bool
	backup        Span // in progress
	migration     Span // in progress
	restarted     bool // in this tick
}

// effect is something that happens to a state for a while.
type effect[S any] struct {
	Span
	do func(*S, time.Time)
}

func newServer(random *rand.Rand) *server {
	return &server{random: random, base: 10 + 20*random.Float64(), swing: 10 + 20*random.Float64(), replica: random.IntN(2) == 0}
}

func (*server) job() string { return "dbsync" }

// day is 0 in the small hours and 1 in the early afternoon, less at weekends.
func day(now time.Time) float64 {
	hour := float64(now.Hour()) + float64(now.Minute())/60
	load := (1 - math.Cos((hour-3)/24*2*math.Pi)) / 2
	if w := now.Weekday(); w == time.Saturday || w == time.Sunday {
		load *= .4
	}
	return load
}

func (s *server) step(now time.Time, holds func(Fault)) {
	s.wave = .9*s.wave + .1*s.random.NormFloat64() // a load that wanders
	load := day(now)
	st := serverState{
		up: true, reachable: true, limit: 100,
		connections: s.base + s.swing*load + 3*s.wave,
		rate:        20 + 500*load*(1+.1*s.wave),
		latency:     .004 + .004*load + .002*math.Abs(s.wave),
		io:          true, sql: true, lagKnown: true, lag: math.Max(0, s.wave),
		transaction: now.Add(-time.Duration(s.random.Int64N(int64(20 * time.Second)))),
	}
	for _, e := range s.life {
		if e.Has(now) {
			e.do(&st, now)
		}
	}
	st.connections = math.Min(math.Max(st.connections, 1), st.limit)
	s.state = st
	if st.restarted {
		s.statements, s.seconds, s.slow = 0, 0, 0
	}
	if st.reachable {
		n := st.rate * Tick.Seconds()
		s.statements += n
		s.seconds += n * st.latency
		if s.random.IntN(120) == 0 { // a report, every ten minutes or so
			s.slow++
		}
		if st.latency > 1 {
			s.slow += math.Ceil(n * .05)
		}
	}
	s.judge(now, holds)
}

// judge says which faults hold now.
func (s *server) judge(now time.Time, holds func(Fault)) {
	st := &s.state
	planned := st.maintenance || st.backup.Has(now) || st.migration.Has(now)
	for _, f := range []struct {
		Fault
		holds bool
	}{
		{mysqlDown, !st.reachable && !st.maintenance},
		{mysqlHangs, st.reachable && st.reason == "timeout" && !st.maintenance},
		{mysqlFull, st.reason == "too_many_connections" && !st.maintenance},
		{mysqlDenied, st.reason == "access_denied" || st.reason == "tls"},
		{connections, st.up && st.connections/st.limit > .8 && !st.maintenance},
		{slowQueries, st.up && st.latency > 2 && !planned},
		{replStopped, st.up && s.replica && (!st.io || !st.sql || !st.lagKnown) && !st.maintenance},
		{replLag, st.up && s.replica && st.lagKnown && st.lag > 300 && !st.maintenance},
		{lockPileUp, st.up && st.waiters >= 5 && st.oldestWait > 30},
		{longTrx, st.up && now.Sub(st.transaction) > time.Hour && !planned},
	} {
		if f.holds {
			holds(f.Fault)
		}
	}
}

func (s *server) sample(now time.Time, set setter) {
	st := &s.state
	set("mysql_up", flag(st.up))
	set("dbsync_mysql_reachable", flag(st.reachable))
	for _, reason := range []string{"unreachable", "timeout", "too_many_connections", "access_denied", "tls", "config", "not_allowed"} {
		set("dbsync_connect_error", flag(st.reason == reason), "reason", reason)
	}
	set("dbsync_maintenance_active", flag(st.maintenance))
	set("dbsync_backup_in_progress", flag(st.backup.Has(now)), "backup", "nightly", "method", "mysqldump", "kind", "full")
	set("dbsync_backup_max_duration_seconds", 3600, "backup", "nightly", "method", "mysqldump", "kind", "full")
	if st.backup.Has(now) {
		set("dbsync_backup_last_start_timestamp_seconds", unix(st.backup.From), "backup", "nightly", "method", "mysqldump", "kind", "full")
	}
	history := []string{"schema", "erp", "tool", "flyway", "history", "flyway_schema_history"}
	set("dbsync_migration_lock_held", flag(st.migration.Has(now)), history...)
	set("dbsync_migration_max_duration_seconds", 1800, history...)
	if st.migration.Has(now) {
		set("dbsync_migration_lock_acquired_timestamp_seconds", unix(st.migration.From), history...)
	}
	if !st.up {
		return
	}
	set("mysql_global_status_threads_connected", st.connections)
	set("mysql_global_variables_max_connections", st.limit)
	set("dbsync_mysql_statements_total", s.statements, "schema", "erp")
	set("dbsync_mysql_statement_seconds_total", s.seconds, "schema", "erp")
	set("dbsync_mysql_metadata_lock_waiters", float64(st.waiters))
	if st.waiters > 0 {
		set("dbsync_mysql_metadata_lock_oldest_wait_seconds", st.oldestWait)
	}
	set("dbsync_mysql_oldest_transaction_start_timestamp_seconds", unix(st.transaction))
	set("dbsync_replication_configured", flag(s.replica), "channel", "")
	set("mysql_global_status_slow_queries", s.slow)
	if s.replica {
		// The same, under the names of the MySQL server exporter.
		set("mysql_slave_status_master_server_id", 1)
		set("mysql_slave_status_slave_io_running", flag(st.io))
		set("mysql_slave_status_slave_sql_running", flag(st.sql))
		set("mysql_slave_status_sql_delay", 0)
		if st.lagKnown && st.io && st.sql {
			set("mysql_slave_status_seconds_behind_master", math.Round(st.lag))
		}
		set("dbsync_replication_io_running", flag(st.io), "channel", "")
		set("dbsync_replication_sql_running", flag(st.sql), "channel", "")
		set("dbsync_replication_lag_known", flag(st.lagKnown && st.io && st.sql), "channel", "")
		set("dbsync_replication_delay_seconds", 0, "channel", "")
		if st.lagKnown && st.io && st.sql {
			set("dbsync_replication_lag_seconds", math.Round(st.lag), "channel", "")
		}
	}
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 }

// down makes a server unreachable for a while; it comes back empty.
func down(from time.Time, length time.Duration) effect[serverState] {
	end := from.Add(length)
	return effect[serverState]{Span{from, end}, func(st *serverState, now time.Time) {
		st.up, st.reachable, st.reason = false, false, "unreachable"
		st.restarted = !now.Add(Tick).Before(end)
	}}
}

// ordinary is what happens to a server that is well: within its span, each event
// at its own time.
func (s *server) ordinary(span Span) {
	at := func() time.Time {
		return span.From.Add(time.Duration(s.random.Int64N(int64(span.Length())))).Truncate(Tick)
	}
	some := func(perDay float64) int {
		mean := perDay * span.Length().Hours() / 24
		n := int(mean)
		if s.random.Float64() < mean-float64(n) {
			n++
		}
		return n
	}
	add := func(from time.Time, length time.Duration, do func(*serverState, time.Time)) {
		s.life = append(s.life, effect[serverState]{Span{from, from.Add(length)}, do})
	}
	minutes := func(low, high float64) time.Duration {
		return time.Duration((low + (high-low)*s.random.Float64()) * float64(time.Minute)).Truncate(Tick)
	}
	for range some(3) { // a deployment: connections go, come back all at once, and settle
		from := at()
		add(from, 30*time.Second, func(st *serverState, _ time.Time) { st.connections *= .2; st.rate *= .3 })
		add(from.Add(30*time.Second), minutes(.5, 2), func(st *serverState, _ time.Time) { st.connections += 45; st.latency *= 8 })
	}
	for range some(.5) { // a quick restart
		s.life = append(s.life, down(at(), 10*time.Second+time.Duration(s.random.Int64N(int64(15*time.Second)))))
	}
	for range some(.3) { // an upgrade that was announced
		from, length := at(), minutes(5, 20)
		add(from.Add(-2*time.Minute), length+7*time.Minute, func(st *serverState, _ time.Time) { st.maintenance = true })
		s.life = append(s.life, down(from, length))
	}
	for range some(2) { // a batch job: few, long statements
		add(at(), minutes(1, 4), func(st *serverState, _ time.Time) { st.latency += 2.5; st.rate *= .7 })
	}
	for range some(4) { // the replica falls behind a large transaction, and catches up
		from, length, peak := at(), minutes(2, 8), 60+200*s.random.Float64()
		add(from, length, func(st *serverState, now time.Time) {
			part := now.Sub(from).Seconds() / length.Seconds()
			st.lag += peak * math.Min(part, 1-part) * 2
		})
	}
	for range some(6) { // a DDL waits for a report, and some sessions behind it
		add(at(), minutes(.2, .4), func(st *serverState, _ time.Time) { st.waiters, st.oldestWait = 8, 20 })
		add(at(), minutes(2, 10), func(st *serverState, _ time.Time) { st.waiters, st.oldestWait = 2, 200 })
	}
	for range some(2) { // a report that reads for long
		from := at()
		add(from, minutes(10, 50), func(st *serverState, _ time.Time) { st.transaction = from })
	}
	for range some(1) { // a backup: slow statements and a long transaction, all of it announced
		from, length := at(), minutes(10, 50)
		job := Span{from, from.Add(length)}
		add(from, length, func(st *serverState, _ time.Time) {
			st.backup, st.transaction = job, from
			st.latency += 3
			st.lag += 120
		})
	}
	for range some(1) { // a migration with its lock, and sessions that wait for it
		from, length := at(), minutes(1, 20)
		job := Span{from, from.Add(length)}
		add(from, length, func(st *serverState, _ time.Time) { st.migration = job; st.latency += 2.2 })
	}
	for range some(8) { // a single login that fails
		add(at(), Tick, func(st *serverState, _ time.Time) {
			st.up, st.reason = false, []string{"timeout", "too_many_connections"}[s.random.IntN(2)]
		})
	}
	for range some(1) { // a peak of the day close to the limit, or over it for a moment
		add(at(), minutes(.5, 2.5), func(st *serverState, _ time.Time) { st.connections = 78 + 14*s.random.Float64() })
		add(at(), minutes(10, 60), func(st *serverState, _ time.Time) { st.connections = 70 + 8*s.random.Float64() })
	}
	for range some(1) { // the replica reconnects to its source
		add(at(), minutes(.2, .7), func(st *serverState, _ time.Time) { st.io, st.lagKnown = false, false })
	}
}

// put puts a fault in.
func (s *server) put(f Fault, sh shape) {
	do := map[string]func(*serverState, time.Time, float64){
		mysqlDown.RuleID: func(st *serverState, _ time.Time, _ float64) {
			st.up, st.reachable, st.reason = false, false, "unreachable"
		},
		mysqlHangs.RuleID: func(st *serverState, _ time.Time, _ float64) { st.up, st.reason = false, "timeout" },
		mysqlFull.RuleID: func(st *serverState, _ time.Time, _ float64) {
			st.up, st.reason, st.connections = false, "too_many_connections", st.limit
		},
		mysqlDenied.RuleID: func(st *serverState, _ time.Time, _ float64) { st.up, st.reason = false, "access_denied" },
		connections.RuleID: func(st *serverState, _ time.Time, part float64) {
			st.connections = math.Max(st.connections, 78+part*20+.3*s.wave)
		},
		slowQueries.RuleID: func(st *serverState, _ time.Time, part float64) { st.latency = math.Max(st.latency, .5+part*5) },
		replStopped.RuleID: func(st *serverState, _ time.Time, _ float64) { st.sql = false },
		replLag.RuleID:     func(st *serverState, _ time.Time, part float64) { st.lag = math.Max(st.lag, 200+part*600) },
		lockPileUp.RuleID: func(st *serverState, now time.Time, part float64) {
			st.waiters, st.oldestWait = int(2+part*20), 31+now.Sub(sh.From).Seconds()
		},
		longTrx.RuleID: func(st *serverState, now time.Time, _ float64) { st.transaction = sh.From.Add(-61 * time.Minute) },
	}[f.RuleID]
	if f.RuleID == replStopped.RuleID || f.RuleID == replLag.RuleID {
		s.replica = true
	}
	s.life = append(s.life, effect[serverState]{sh.Span, func(st *serverState, now time.Time) {
		if part := sh.at(now); part > 0 {
			do(st, now, part)
		}
	}})
}

func serverFaults() []Fault {
	return []Fault{
		mysqlDown, mysqlHangs, mysqlFull, mysqlDenied, connections, slowQueries, replStopped, replLag, lockPileUp, longTrx,
	}
}
