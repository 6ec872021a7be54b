// SPDX-License-Identifier: Apache-2.0

package weeks

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/easy-erp/dbsync/rules/quality/replay"
)

// incident is what should be told.
type incident struct {
	id, measure string
	from, to    time.Time
	within      time.Duration // how soon
	after       time.Duration // how long after its end it may still begin to be told
	also        []string
	doubtful    bool // may be told
}

func (e incident) is(f replay.Firing) bool {
	return f.Labels.Get("rule_id") == e.id && (e.measure == "" || f.Labels.Get("measure") == e.measure)
}

// server is a database server with the habits of its users.
type server struct {
	name   string
	random *rand.Rand
	refs   map[string]labels.Labels

	// habits
	statements, connections, latency float64 // at the day's peak
	night, weekend, friday           float64 // parts of it
	peak                             float64 // hour
	noise                            float64
	backupAt, backupTakes            time.Duration
	batchAt, batchTakes              time.Duration // a nightly job that nobody announces
	batch                            float64       // how many times the night's statements
	replica                          bool
	growth                           float64 // a day
	begins, ends                     time.Time
	holiday                          int // day; -1: none
	demoted                          time.Time
	leak                             time.Time // from then on the disk fills up
	load                             time.Time // of a great many rows
	tooManyIDs                       bool

	// state
	wave, today          float64
	day                  int
	backup, job          span
	questions, seconds   float64
	aborted              float64
	deployments, missing []span
	incidents            []incident
}

type span struct{ from, to time.Time }

func (s span) has(t time.Time) bool { return !t.Before(s.from) && t.Before(s.to) }

func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

func newServer(name string, r *rand.Rand, n int) *server {
	s := &server{
		name: name, random: r, refs: map[string]labels.Labels{},
		statements: math.Exp(between(r, math.Log(20), math.Log(5000))), connections: between(r, 20, 120), latency: between(r, .001, .05),
		night: between(r, .03, .4), weekend: between(r, .2, 1), friday: between(r, .8, 1.1), peak: between(r, 0, 24), noise: between(r, .03, .12),
		backupAt: hours(between(r, 0, 23)), backupTakes: hours(between(r, .3, 2)),
		batchAt: hours(between(r, 0, 23)), batchTakes: hours(between(r, .2, .9)), batch: between(r, 0, 1.5),
		replica: r.IntN(2) == 0, growth: between(r, -.002, .006), begins: start, ends: start.Add(length), holiday: -1, day: -1,
	}
	end := length.Hours()
	for range 12 { // one release a working day, on average
		at := start.Add(hours(between(r, 0, end)))
		s.deployments = append(s.deployments, span{at, at.Add(hours(between(r, .03, .1)))})
	}
	for range 24 { // scrapes that fail, and an exporter that is updated
		at := start.Add(hours(between(r, 0, end)))
		s.missing = append(s.missing, span{at, at.Add(hours(between(r, .03, .15)))})
	}
	if n%2 == 0 {
		s.live(n / 2 % 6)
	} else {
		s.suffer(n / 2 % 9)
	}
	return s
}

// live is what happens to servers that are well.
func (s *server) live(what int) {
	switch what {
	case 0: // new
		s.begins = start.Add(hours(between(s.random, 24, length.Hours()-48))).Truncate(tick)
	case 1: // retired
		s.ends = start.Add(known + hours(between(s.random, 0, 3*24))).Truncate(tick)
	case 2: // a public holiday is unusual, and nobody's fault
		s.holiday = 8 + s.random.IntN(4)
		from := start.Add(time.Duration(s.holiday) * 24 * time.Hour)
		s.incidents = append(s.incidents, incident{id: "mysql_unusual", from: from, to: from.Add(25 * time.Hour), after: time.Hour, doubtful: true})
	case 3: // a failover: it is a replica from now on
		s.demoted = s.moment()
	}
}

// moment is a time at which rules may speak.
func (s *server) moment() time.Time {
	return start.Add(known + hours(between(s.random, 2, length.Hours()-known.Hours()-30))).Truncate(tick)
}

// suffer lets something go wrong.
func (s *server) suffer(what int) {
	from := s.moment()
	e := incident{id: "mysql_unusual", from: from, to: from.Add(hours(between(s.random, 1, 4))), within: time.Hour, after: 30 * time.Minute,
		also: []string{"mysql_unusual"}}
	switch what {
	case 0, 1:
		e.id, e.within = "mysql_traffic_gone", 20*time.Minute
		s.statements = math.Max(s.statements, 40/(s.night*s.weekend)) // nobody misses a statement a second
	case 2:
		e.measure = "connections"
	case 3:
		e.measure = "queries"
	case 4:
		e.measure = "latency"
	case 5:
		e.measure = "errors"
	case 6:
		e.measure, s.replica = "lag", true
	case 7:
		e.id, e.within, e.to = "disk_filling_up", 90*time.Hour, start.Add(length)
		e.from = start.Add(known)
		s.leak = e.from
	case 8:
		if s.random.IntN(2) == 0 {
			e.id, e.within, e.to = "mysql_schema_growth_unusual", 3*time.Hour, from.Add(25*time.Hour)
			s.load = from
		} else {
			e.id, e.from, e.to, e.within = "mysql_auto_increment_running_out", start, start.Add(length), 9*24*time.Hour
			s.tooManyIDs = true
		}
	}
	s.incidents = append(s.incidents, e)
}

// busy is the part of the peak at which the users work.
func (s *server) busy(now time.Time) float64 {
	hour := float64(now.Hour()) + float64(now.Minute())/60
	x := (1 + math.Cos((hour-s.peak)/24*2*math.Pi)) / 2
	part := s.night + (1-s.night)*x*x
	day := int(now.Sub(start).Hours() / 24)
	switch w := now.Weekday(); {
	case w == time.Saturday, w == time.Sunday, day == s.holiday:
		part *= s.weekend
	case w == time.Friday:
		part *= s.friday
	}
	return part * math.Pow(1+s.growth, now.Sub(start).Hours()/24)
}

// nextDay plans what a day brings.
func (s *server) nextDay(now time.Time) {
	midnight := now.Truncate(24 * time.Hour)
	late := func() time.Duration { return time.Duration(s.random.NormFloat64() * float64(6*time.Minute)) }
	s.today = math.Exp(.08 * s.random.NormFloat64())
	from := midnight.Add(s.backupAt + late())
	s.backup = span{from, from.Add(time.Duration(float64(s.backupTakes) * between(s.random, .9, 1.15)))}
	from = midnight.Add(s.batchAt + late())
	s.job = span{from, from.Add(time.Duration(float64(s.batchTakes) * between(s.random, .8, 1.3)))}
}

// step brings the server to now and returns what a scrape gives.
func (s *server) step(now time.Time) []replay.Sample {
	if day := int(now.Sub(start).Hours() / 24); day != s.day {
		s.day = day
		s.nextDay(now)
	}
	s.wave = .8*s.wave + .6*s.random.NormFloat64()
	busy := s.busy(now) * s.today * (1 + s.noise*s.wave)
	busy = math.Max(busy, .01)
	qps, conns, latency := s.statements*busy, 3+s.connections*busy, s.latency*(1+.4*busy+.1*math.Abs(s.random.NormFloat64()))
	errs, lag := .02*busy, math.Abs(s.random.NormFloat64())
	if s.backup.has(now) {
		conns += 2
		latency *= 2.5
		lag += 60
	}
	if s.job.has(now) {
		qps += s.statements * s.night * s.batch
		conns += 4
		latency *= 1.3
		lag += 15
	}
	for _, d := range s.deployments {
		if d.has(now) {
			conns *= 1.8
			errs += .5
			latency *= 2
		}
	}
	readOnly := s.replica
	if !s.demoted.IsZero() && !now.Before(s.demoted) {
		qps, conns, readOnly = 2, 3, !s.replica
	}
	for _, e := range s.incidents {
		if now.Before(e.from) || !now.Before(e.to) || e.doubtful {
			continue
		}
		switch e.id + e.measure {
		case "mysql_traffic_gone":
			qps, conns = 1, 2
		case "mysql_unusualconnections":
			conns = conns*3 + 60
		case "mysql_unusualqueries":
			qps = qps*4 + 100
		case "mysql_unusuallatency":
			latency = latency*8 + .1
		case "mysql_unusualerrors":
			errs += 3
		case "mysql_unusuallag":
			lag += 900
		}
	}
	s.questions += qps * tick.Seconds()
	s.seconds += qps * latency * tick.Seconds()
	s.aborted += errs * tick.Seconds()
	if now.Before(s.begins) || !now.Before(s.ends) || slices.ContainsFunc(s.missing, func(m span) bool { return m.has(now) }) {
		return nil
	}
	return s.sample(now, conns, lag, readOnly)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (s *server) sample(now time.Time, conns, lag float64, readOnly bool) []replay.Sample {
	var all []replay.Sample
	set := func(name string, value float64, pairs ...string) {
		key := s.name + name
		if _, ok := s.refs[key]; !ok {
			s.refs[key] = labels.FromStrings(append([]string{"__name__", name, "instance", s.name, "job", "dbsync"}, pairs...)...)
		}
		all = append(all, replay.Sample{Labels: s.refs[key], Key: key, At: now, Value: value})
	}
	days := now.Sub(start).Hours() / 24
	set("mysql_up", 1)
	set("mysql_global_status_threads_connected", math.Round(conns))
	set("mysql_global_variables_max_connections", 600)
	set("mysql_global_status_questions", math.Round(s.questions))
	set("dbsync_mysql_statements_total", math.Round(s.questions), "schema", "erp")
	set("dbsync_mysql_statement_seconds_total", s.seconds, "schema", "erp")
	set("mysql_global_status_aborted_connects", math.Round(s.aborted))
	set("mysql_global_status_aborted_clients", 0)
	set("mysql_global_variables_read_only", truth(readOnly))
	if s.replica {
		set("dbsync_replication_lag_seconds", math.Round(lag), "channel", "")
	}
	set("dbsync_maintenance_active", 0)
	backup := []string{"backup", "nightly", "method", "mysqldump", "kind", "full"}
	set("dbsync_backup_in_progress", truth(s.backup.has(now)), backup...)
	set("dbsync_backup_max_duration_seconds", 3*3600, backup...)
	set("dbsync_backup_last_start_timestamp_seconds", float64(s.backup.from.Unix()), backup...)

	// Binary logs grow by the day and are purged at night, a dump is written and moved, and the data grow.
	const size = 1e12
	avail := .5*size - 2e9*days - 2e10*(days-math.Floor(days)) - 5e10*truth(s.backup.has(now))
	if !s.leak.IsZero() && now.After(s.leak) {
		avail -= 6e10 * now.Sub(s.leak).Hours() / 24
	}
	set("dbsync_path_filesystem_avail_bytes", math.Max(avail, 0), "role", "datadir", "path", "/var/lib/mysql")

	// InnoDB counts a table anew when a tenth has changed.
	data := 1e11 * math.Pow(1.1, math.Floor(days/6))
	if !s.load.IsZero() && now.After(s.load) {
		data += 8e10
	}
	set("dbsync_mysql_schema_size_bytes", data, "schema", "erp", "component", "data")
	used := .4 + .001*days
	if s.tooManyIDs {
		used = .66 + .015*days
	}
	set("dbsync_mysql_auto_increment_used_ratio", used, "schema", "erp", "table", "orders", "column", "id")
	return all
}
