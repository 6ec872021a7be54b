// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/easy-erp/dbsync/collector"
)

const (
	statusStatement     = "SHOW GLOBAL STATUS"
	statusPrefix        = "mysql_global_status_"
	bufferPoolPages     = "innodb_buffer_pool_pages_"
	historyListVariable = "innodb_history_list_length"
	deadlocksVariable   = "innodb_deadlocks"
	// innodbMetricsStatement reads what MariaDB has as status variables.
	innodbMetricsStatement = "SELECT NAME, COUNT FROM information_schema.INNODB_METRICS" +
		" WHERE NAME IN ('lock_deadlocks', 'trx_rseg_history_len') AND STATUS = 'enabled'"
	innodbSource = "SHOW GLOBAL STATUS; on MySQL information_schema.INNODB_METRICS"
)

var (
	pages = &collector.Family{
		Name: statusPrefix + "buffer_pool_pages", Source: statusStatement, Labels: []string{"state"},
		Help: "Pages of InnoDB's buffer pool by what they hold.",
	}
	dirtyPages = &collector.Family{
		Name: statusPrefix + "buffer_pool_dirty_pages", Source: statusStatement,
		Help: "Pages of InnoDB's buffer pool with changes that are not yet in a file.",
	}
	pageChanges = &collector.Family{
		Name: statusPrefix + "buffer_pool_page_changes_total", Source: statusStatement, Type: collector.Counter,
		Labels: []string{"operation"}, Help: "Changes of state of pages of InnoDB's buffer pool.",
	}
	deadlocks = &collector.Family{
		Name: "dbsync_mysql_deadlocks_total", Source: innodbSource, Type: collector.Counter,
		Help: "Deadlocks between transactions that InnoDB has resolved.",
	}
	historyListLength = &collector.Family{
		Name: "dbsync_mysql_history_list_length", Source: innodbSource,
		Help: "Changes that InnoDB keeps for open transactions and has not purged yet.",
	}
)

// statusGroup is a set of status variables that are the series of one family.
type statusGroup struct {
	prefix, suffix string // of the variables; what is between is the label's value
	family         *collector.Family
}

func group(prefix, name, label, help string) statusGroup {
	return statusGroup{prefix: prefix, family: &collector.Family{
		Name: statusPrefix + name, Help: help, Source: statusStatement, Type: collector.Counter, Labels: []string{label},
	}}
}

// statusTable knows where each status variable goes, for all targets.
type statusTable struct {
	plain  map[string]*collector.Family // by the variable's name in lower case
	galera map[string]*collector.Family
	groups []statusGroup

	// What has been looked up, by the name that the server gives: the names are the
	// same at every reading. A map that is there is never changed.
	known  atomic.Pointer[map[string]place]
	learns sync.Mutex
}

// maxVariables bounds what is remembered of servers that make up new names.
const maxVariables = 5000

// lookedUp returns what is known.
func (t *statusTable) lookedUp() map[string]place {
	if known := t.known.Load(); known != nil {
		return *known
	}
	return nil
}

// learn remembers more.
func (t *statusTable) learn(more map[string]place) {
	if len(more) == 0 {
		return
	}
	t.learns.Lock()
	defer t.learns.Unlock()
	all := maps.Clone(t.lookedUp())
	if all == nil {
		all = map[string]place{}
	}
	maps.Copy(all, more)
	if len(all) <= maxVariables {
		t.known.Store(&all)
	}
}

func newStatusTable() *statusTable {
	t := &statusTable{
		plain:  familiesOf(statusVariables, statusPrefix, statusStatement, collector.Untyped),
		galera: familiesOf(galeraVariables, statusPrefix, statusStatement, collector.Untyped),
		groups: []statusGroup{
			group("com_", "commands_total", "command", "Statements executed, by kind."),
			group("handler_", "handlers_total", "handler", "Calls of storage engines, by kind."),
			group("connection_errors_", "connection_errors_total", "error", "Connections refused for errors of the server, by kind."),
			group("innodb_rows_", "innodb_row_ops_total", "operation", "Rows of InnoDB tables read, inserted, updated and deleted."),
			group("performance_schema_", "performance_schema_lost_total", "instrumentation",
				"Instruments of performance_schema for which there was no memory: what it shows is incomplete."),
		},
	}
	// The longest attributes ever seen begin like the losses and are none.
	t.groups[len(t.groups)-1].suffix = "_lost"
	return t
}

// familiesOf declares a family for each variable.
func familiesOf(variables []variable, prefix, source string, kind collector.Type) map[string]*collector.Family {
	families := make(map[string]*collector.Family, len(variables))
	for _, v := range variables {
		families[v.name] = &collector.Family{Name: prefix + v.name, Help: v.help, Type: kind, Source: source, On: v.on}
	}
	return families
}

// inOrder lists the families in the order of their table.
func inOrder(variables []variable, families map[string]*collector.Family) []*collector.Family {
	list := make([]*collector.Family, len(variables))
	for i, v := range variables {
		list[i] = families[v.name]
	}
	return list
}

func (t *statusTable) families() []*collector.Family {
	list := []*collector.Family{deadlocks, historyListLength, pages, dirtyPages, pageChanges}
	for _, g := range t.groups {
		list = append(list, g.family)
	}
	list = append(list, inOrder(statusVariables, t.plain)...)
	list = append(list, inOrder(galeraVariables, t.galera)...)
	return append(list, galeraFamilies()...)
}

// place is where a variable goes; without a family, nowhere.
type place struct {
	family *collector.Family
	label  string
	galera bool   // only for members of a cluster
	name   string // of the variable in lower case
}

func (t *statusTable) place(variable string) place {
	name := strings.ToLower(variable)
	if f := t.plain[name]; f != nil {
		return place{family: f, name: name}
	}
	if f := t.galera[name]; f != nil {
		return place{family: f, galera: true, name: name}
	}
	if state, ok := strings.CutPrefix(name, bufferPoolPages); ok {
		return pagePlace(state, name)
	}
	for _, g := range t.groups {
		rest, ok := strings.CutPrefix(name, g.prefix)
		if ok && strings.HasSuffix(rest, g.suffix) {
			return place{family: g.family, label: rest, name: name}
		}
	}
	return place{name: name}
}

// pagePlace tells the states of pages, which are levels, from what is done with
// them, which is counted. The total is the sum of the states.
func pagePlace(state, name string) place {
	switch state {
	case "total":
		return place{name: name}
	case "dirty":
		return place{family: dirtyPages, name: name}
	case "data", "free", "misc", "old", "latched":
		return place{family: pages, label: state, name: name}
	}
	return place{family: pageChanges, label: state, name: name}
}

func status() collector.Definition {
	table := newStatusTable()
	return collector.Definition{
		Name:    "mysql.status",
		Help:    "The server's status variables that tell how it fares.",
		Default: true,
		Needs: collector.Needs{Server: true, Privileges: map[collector.Flavour][]collector.Privilege{
			collector.MySQL: {{Name: "PROCESS", On: "*.*", Why: "deadlocks and the length of the history list", Optional: true}},
		}},
		Cost:     "SHOW GLOBAL STATUS, which adds up counters of all connections; on MySQL two rows of INNODB_METRICS besides.",
		Families: table.families(),
		New: func(t *collector.Target) collector.Collector {
			return &statusCollector{server: t.Server, reader: statusReader{server: t.Server, table: table}}
		},
	}
}

type statusCollector struct {
	server collector.Server
	reader statusReader
}

func (c *statusCollector) Collect(ctx context.Context, out *collector.Sink) error {
	facts, err := c.server.Facts(ctx)
	if err != nil {
		return err
	}
	cluster := galera{}
	innodb := innodbState{}
	err = c.reader.read(ctx, func(p place, text sql.RawBytes) {
		value, ok := parseValue(text)
		if cluster.take(p, text, value, ok) || p.family == nil || !ok {
			return
		}
		innodb.take(p, value)
		emit(out, p, value)
	})
	if err != nil {
		return err
	}
	cluster.emit(out)
	innodb.emit(out)
	if facts.Flavour != collector.MariaDB && !innodb.complete() {
		out.Source(ctx, "innodb_metrics", func(ctx context.Context, out *collector.Sink) error {
			return innodb.ask(ctx, c.server, facts, out)
		})
	}
	return nil
}

func emit(out *collector.Sink, p place, value float64) {
	if p.label == "" {
		out.Emit(p.family, value)
		return
	}
	out.Emit(p.family, value, p.label)
}

// statusReader reads the status variables.
type statusReader struct {
	server collector.Server
	table  *statusTable
}

func (r *statusReader) read(ctx context.Context, take func(place, sql.RawBytes)) error {
	known, more := r.table.lookedUp(), map[string]place{}
	var name, value sql.RawBytes
	dest := []any{&name, &value}
	err := r.server.Query(ctx, func(row collector.Row) error {
		if err := row.Scan(dest...); err != nil {
			return err
		}
		p, ok := known[string(name)]
		if !ok {
			p = r.table.place(string(name))
			more[string(name)] = p
		}
		take(p, value)
		return nil
	}, statusStatement)
	if err == nil {
		r.table.learn(more)
	}
	return err
}

// innodbState is what has one name on every server and comes from different
// places.
type innodbState struct {
	deadlocks, history *float64
}

func (s *innodbState) take(p place, value float64) {
	switch p.name {
	case deadlocksVariable:
		s.deadlocks = &value
	case historyListVariable:
		s.history = &value
	}
}

func (s *innodbState) complete() bool { return s.deadlocks != nil && s.history != nil }

func (s *innodbState) emit(out *collector.Sink) {
	if s.deadlocks != nil {
		out.Emit(deadlocks, *s.deadlocks)
	}
	if s.history != nil {
		out.Emit(historyListLength, *s.history)
	}
}

// ask reads from INNODB_METRICS what the status variables did not have.
func (s *innodbState) ask(ctx context.Context, server collector.Server, facts collector.Facts, out *collector.Sink) error {
	if !facts.Grants.Has(collector.Privilege{Name: "PROCESS", On: "*.*"}) {
		return collector.Skip(collector.Unprivileged, "GRANT PROCESS ON *.* TO the monitoring account")
	}
	found := innodbState{}
	err := server.Query(ctx, func(row collector.Row) error {
		var name string
		var value float64
		if err := row.Scan(&name, &value); err != nil {
			return err
		}
		switch {
		case name == "lock_deadlocks" && s.deadlocks == nil:
			found.deadlocks = &value
		case name == "trx_rseg_history_len" && s.history == nil:
			found.history = &value
		}
		return nil
	}, innodbMetricsStatement)
	if err == nil {
		found.emit(out)
	}
	return err
}
