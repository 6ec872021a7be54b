// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/easy-erp/dbsync/collector"
)

var (
	logLines = &collector.Family{
		Name: "dbsync_log_lines_total", Type: collector.Counter, Labels: []string{"log", "level"},
		Help: "Lines of the log, by level: fatal, error, warning, info, debug; other for lines that have none.",
	}
	logMatches = &collector.Family{
		Name: "dbsync_log_matches_total", Type: collector.Counter, Labels: []string{"log", "pattern"},
		Help: "Lines that match a pattern of the configuration, by its name.",
	}
	logNewest = &collector.Family{
		Name: "dbsync_log_last_line_timestamp_seconds", Labels: []string{"log"},
		Help: "When the newest line was written that was read.",
	}
	logExpected = &collector.Family{
		Name: "dbsync_log_expected_interval_seconds", Labels: []string{"log"},
		Help: "How long the log may be silent, as the configuration promises.",
	}
	logBytes = &collector.Family{
		Name: "dbsync_log_read_bytes_total", Type: collector.Counter, Labels: []string{"log"},
		Help: "Bytes of the log that were read, the ends of lines not counted.",
	}
	logBacklog = &collector.Family{
		Name: "dbsync_log_backlog_bytes", Labels: []string{"log"},
		Help: "What is in the log and was not read yet.",
	}
	logTruncations = &collector.Family{
		Name: "dbsync_log_truncations_total", Type: collector.Counter, Labels: []string{"log"},
		Help: "How often the file was cut in place since the exporter started: lines may have been lost.",
	}
	slowQueries = &collector.Family{
		Name: "dbsync_slow_log_queries_total", Type: collector.Counter, Labels: []string{"log", "schema"},
		Help: "Statements in the slow query log. The schema is empty where the log does not tell.",
		On:   "format slow",
	}
	slowSeconds = &collector.Family{
		Name: "dbsync_slow_log_query_seconds_total", Type: collector.Counter, Labels: []string{"log", "schema"},
		Help: "Time that the statements in the slow query log took.",
		On:   "format slow",
	}
	slowLocked = &collector.Family{
		Name: "dbsync_slow_log_lock_seconds_total", Type: collector.Counter, Labels: []string{"log", "schema"},
		Help: "Time that the statements in the slow query log waited for locks.",
		On:   "format slow",
	}
	slowExamined = &collector.Family{
		Name: "dbsync_slow_log_rows_examined_total", Type: collector.Counter, Labels: []string{"log", "schema"},
		Help: "Rows that the statements in the slow query log examined.",
		On:   "format slow",
	}

	logFamilies = from("the log file",
		logLines, logMatches, logNewest, logExpected, logBytes, logBacklog, logTruncations,
		slowQueries, slowSeconds, slowLocked, slowExamined)
)

// LogFormats lists the formats of logs.
func LogFormats() []string { return slices.Sorted(maps.Keys(levelReaders)) }

// logs collects the logs of the configuration.
type logs struct {
	logs  []Log
	tails []*tail[*lines]
}

func newLogs(opts Options, t *collector.Target) collector.Collector {
	l := &logs{logs: opts.Logs}
	for _, log := range opts.Logs {
		l.tails = append(l.tails, newTail(log.Path, opts.StateDir, "log-"+log.Name, newLines(log), t.Now))
	}
	return l
}

// Collect reads what is new in each log. One that hangs keeps no other waiting.
func (l *logs) Collect(ctx context.Context, out *collector.Sink) error {
	if len(l.tails) == 0 {
		return collector.Skip(collector.Unconfigured, "name the logs under logs")
	}
	var wg sync.WaitGroup
	for i, t := range l.tails {
		wg.Go(func() {
			log := l.logs[i]
			var kept error
			out.Source(ctx, log.Name, func(ctx context.Context, out *collector.Sink) error {
				r, err := t.read(ctx)
				if err == nil {
					kept = r.kept
					emitLog(out, log, r)
				}
				return err
			})
			out.Source(ctx, log.Name+" state", func(context.Context, *collector.Sink) error { return kept })
		})
	}
	wg.Wait()
	return nil
}

func emitLog(out *collector.Sink, log Log, r reading[*lines]) {
	for _, level := range levels {
		out.Emit(logLines, float64(r.counts.Levels[level]), log.Name, level)
	}
	for name := range log.Patterns {
		out.Emit(logMatches, float64(r.counts.Patterns[name]), log.Name, name)
	}
	for schema, one := range r.counts.Slow {
		out.Emit(slowQueries, float64(one.Queries), log.Name, schema)
		out.Emit(slowSeconds, one.Seconds, log.Name, schema)
		out.Emit(slowLocked, one.Locked, log.Name, schema)
		out.Emit(slowExamined, float64(one.Examined), log.Name, schema)
	}
	out.Emit(logBytes, float64(r.counts.Bytes), log.Name)
	out.Emit(logBacklog, float64(r.backlog), log.Name)
	out.Emit(logTruncations, float64(r.stats.Truncations), log.Name)
	if log.ExpectedInterval > 0 {
		out.Emit(logExpected, log.ExpectedInterval.Seconds(), log.Name)
	}
	if !r.newest.IsZero() {
		out.Emit(logNewest, float64(r.newest.UnixMilli())/1e3, log.Name)
	}
}

// lines is what was counted of one log.
type lines struct {
	Bytes    uint64                `json:"bytes"`
	Levels   map[string]uint64     `json:"levels"`
	Patterns map[string]uint64     `json:"patterns,omitempty"`
	Slow     map[string]*slowCount `json:"slow,omitempty"`
	// Schema is the one that the slow query log has named last.
	Schema string `json:"schema,omitempty"`
	// Entry is one of the slow query log of which the schema is not known yet.
	Entry *slowCount `json:"entry,omitempty"`

	level    func(line []byte) string
	patterns map[string]*regexp.Regexp
	slow     bool
}

func newLines(log Log) *lines {
	return &lines{
		Levels: map[string]uint64{}, Patterns: map[string]uint64{}, Slow: map[string]*slowCount{},
		level: levelReaders[log.Format], patterns: log.Patterns, slow: log.Format == formatSlow,
	}
}

func (c *lines) count(line []byte) {
	c.Bytes += uint64(len(line))
	c.Levels[c.level(line)]++
	for name, pattern := range c.patterns {
		if pattern.Match(line) {
			c.Patterns[name]++
		}
	}
	if c.slow {
		c.countSlow(line)
	}
}

func (c *lines) clone() *lines {
	copied := *c
	copied.Levels, copied.Patterns = maps.Clone(c.Levels), maps.Clone(c.Patterns)
	copied.Slow = make(map[string]*slowCount, len(c.Slow))
	for schema, one := range c.Slow {
		slow := *one
		copied.Slow[schema] = &slow
	}
	return &copied
}
