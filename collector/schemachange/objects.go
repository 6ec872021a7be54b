// SPDX-License-Identifier: Apache-2.0

package schemachange

import (
	"context"
	"database/sql"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// object is a table or a trigger that a tool made.
type object struct {
	of      table // what the tool changes
	method  string
	kind    string
	name    string
	rows    sql.NullFloat64
	bytes   sql.NullFloat64
	created sql.NullFloat64 // Unix time
	// readable says of a changelog or checkpoint that it is one and the account may read it.
	readable bool
}

// The values of the label kind.
const (
	newTable   = "new_table"
	oldTable   = "old_table"
	changelog  = "changelog"
	checkpoint = "checkpoint"
	trigger    = "trigger"

	history = "history" // no leftover: it is to stay
)

// work is the change of a table by a tool.
type work struct {
	of     table
	method string
}

// objects is what was found of the tools, and when each was last seen alive.
type objects struct {
	mu        sync.Mutex
	found     []object
	histories []object           // of pt-online-schema-change
	size      map[table]float64  // rows of the tables that are changed
	first     map[work]time.Time // when the exporter found it
	signed    map[work]time.Time // the newest sign of life
}

// alive notes a sign of life.
func (o *objects) alive(w work, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.signed == nil {
		o.signed = map[work]time.Time{}
	}
	if at.After(o.signed[w]) {
		o.signed[w] = at
	}
}

// sign returns when the newest sign of life was.
func (o *objects) sign(w work) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.signed[w]
}

// written returns the histories of pt-online-schema-change.
func (o *objects) written() []object {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.histories
}

// known returns what was found, and the rows of the tables that are changed.
func (o *objects) known() ([]object, map[table]float64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.found, o.size
}

// within lists the work of a method that gave a sign of life not long ago.
func (o *objects) within(method string, now time.Time, lull time.Duration) []work {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []work
	for w, at := range o.signed {
		if w.method == method && now.Sub(at) <= lull {
			all = append(all, w)
		}
	}
	return all
}

// renew takes over what was found, and returns what nobody has worked on for a
// while. What is new may be in use.
func (o *objects) renew(found []object, size map[table]float64, now time.Time) (idle []object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var histories []object
	found = slices.DeleteFunc(found, func(one object) bool {
		if one.kind == history && one.readable {
			histories = append(histories, one)
		}
		return one.kind == history
	})
	first := map[work]time.Time{}
	for _, one := range found {
		w := work{one.of, one.method}
		if first[w] = o.first[w]; first[w].IsZero() {
			first[w] = now
		}
		if now.Sub(first[w]) >= patience && now.Sub(o.signed[w]) >= patience {
			idle = append(idle, one)
		}
	}
	maps.DeleteFunc(o.signed, func(_ work, at time.Time) bool { return now.Sub(at) >= patience })
	o.found, o.histories, o.size, o.first = found, histories, size, first
	return idle
}

// maxCandidates bounds the tables that are looked at one by one.
const maxCandidates = 500

// find looks for the objects of all tools.
func find(ctx context.Context, server collector.Server) ([]object, map[table]float64, error) {
	var all []object
	size := map[table]float64{}
	triggers, err := triggers(ctx, server)
	if err != nil {
		return nil, nil, err
	}
	candidates, err := candidates(ctx, server)
	if err != nil {
		return nil, nil, err
	}
	candidates = candidates[:min(len(candidates), maxCandidates)]
	if candidates, err = known(ctx, server, candidates); err != nil {
		return nil, nil, err
	}
	attribute(candidates, triggers)
	for _, c := range candidates {
		rows, err := measure(ctx, server, &c)
		if err != nil {
			return nil, nil, err
		}
		if rows.Valid {
			size[c.of] = rows.Float64
		}
		// A name such as _orders_old is anybody's, unless there is the table orders.
		distinct := c.method == ghost && c.kind != oldTable || c.kind == checkpoint || c.kind == history
		if c.created.Valid && (rows.Valid || distinct) {
			all = append(all, c)
		}
	}
	return append(all, triggers...), size, nil
}

// known leaves out what has only the name of a checkpoint or a history, and
// notes what the account may read.
func known(ctx context.Context, server collector.Server, candidates []object) ([]object, error) {
	var all []object
	for _, c := range candidates {
		columns := ownColumns(c)
		if columns == nil {
			all = append(all, c)
			continue
		}
		there, readable, err := has(ctx, server, c, columns)
		if err != nil {
			return nil, err
		}
		c.readable = readable
		if there || c.kind == changelog {
			all = append(all, c)
		}
	}
	return all, nil
}

// ownColumns are those by which a tool's own table is known; nil of others.
func ownColumns(o object) []string {
	switch o.kind {
	case changelog:
		return []string{"id", "last_update", "hint", "value"}
	case checkpoint:
		return []string{"id", "copier_watermark", "statement", "created_at"}
	case history:
		return []string{"job_id", "db", "tbl", "done", "ts"}
	}
	return nil
}

// candidates are the tables that have a name as the tools make them. Names alone
// cost little: MariaDB opens no table for them.
func candidates(ctx context.Context, server collector.Server) ([]object, error) {
	var all []object
	err := server.Query(ctx, func(row collector.Row) error {
		var schema, name string
		if err := row.Scan(&schema, &name); err != nil {
			return err
		}
		if o, ours := recognise(schema, name); ours {
			all = append(all, o)
		}
		return nil
	}, `SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE LEFT(TABLE_NAME, 1) = '_' AND `+
		`(RIGHT(TABLE_NAME, 4) IN ('_gho', '_ghc', '_ghk', '_del', '_new', '_old') OR RIGHT(TABLE_NAME, 7) = '_chkpnt' OR `+
		`TABLE_NAME = '`+spiritTogether+`' OR LEFT(RIGHT(TABLE_NAME, 20), 5) = '_old_') OR TABLE_NAME = '`+ptHistory+`'`)
	return all, err
}

// attribute tells Spirit's tables from pt-online-schema-change's, which have the
// same names: they have a checkpoint beside, of their own or, where there are no
// triggers, of the schema.
func attribute(all, triggers []object) {
	own, together, triggered := map[table]bool{}, map[string]bool{}, map[table]bool{}
	for _, o := range triggers {
		triggered[o.of] = true
	}
	for _, o := range all {
		switch {
		case o.name == spiritTogether:
			together[o.of.schema] = true
		case o.kind == checkpoint:
			own[o.of] = true
		}
	}
	for i, o := range all {
		if o.method == ptOSC && (own[table{o.of.schema, aux(o.of.name)}] || together[o.of.schema] && !triggered[o.of]) {
			all[i].method = spirit
		}
	}
}

// stamped is the name of gh-ost's old table with --timestamp-old-table.
var stamped = regexp.MustCompile(`_\d{14}$`)

// kept is the name of Spirit's old table with --skip-drop-after-cutover.
var kept = regexp.MustCompile(`^_(.+)_old_\d{8}_\d{6}$`)

// ptHistory is the table of pt-online-schema-change --history, unless it is told
// another one.
const ptHistory = "pt_osc_history"

// recognise tells by its name what a table is to a tool.
func recognise(schema, name string) (object, bool) {
	whole := func(kind, method, of string) (object, bool) {
		return object{of: table{schema, of}, method: method, kind: kind, name: name}, true
	}
	switch name {
	case ptHistory:
		return whole(history, ptOSC, name)
	case spiritTogether:
		return whole(checkpoint, spirit, name)
	}
	if original, ours := strings.CutSuffix(name, "_chkpnt"); ours && len(original) > 1 {
		return whole(checkpoint, spirit, original[1:])
	}
	if match := kept.FindStringSubmatch(name); match != nil {
		return whole(oldTable, spirit, match[1])
	}
	if len(name) < len("_t_new") {
		return object{}, false
	}
	original, suffix := name[1:len(name)-4], name[len(name)-4:]
	o := object{of: table{schema, original}, method: ghost, name: name}
	switch suffix {
	case "_gho":
		o.kind = newTable
	case "_ghc", "_ghk":
		o.kind = changelog
	case "_del":
		o.kind, o.of.name = oldTable, stamped.ReplaceAllString(original, "")
	case "_new", "_old":
		// More underscores in front, where the name was taken.
		o.method, o.kind, o.of.name = ptOSC, newTable, strings.TrimLeft(original, "_")
		if suffix == "_old" {
			o.kind = oldTable
		}
	default:
		return object{}, false
	}
	return o, o.of.name != ""
}

// measure adds the details of an object's table, and returns the rows of the
// table that it is for. Each is looked up by its name: whatever is less exact
// makes MariaDB open all tables.
func measure(ctx context.Context, server collector.Server, o *object) (of sql.NullFloat64, err error) {
	const statement = `SELECT TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH, UNIX_TIMESTAMP(CREATE_TIME) FROM information_schema.TABLES ` +
		`WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND TABLE_TYPE = 'BASE TABLE'`
	err = server.Query(ctx, func(row collector.Row) error {
		return row.Scan(&o.rows, &o.bytes, &o.created)
	}, statement, o.of.schema, o.name)
	if err != nil {
		return of, err
	}
	var bytes, created sql.NullFloat64
	err = server.Query(ctx, func(row collector.Row) error {
		return row.Scan(&of, &bytes, &created)
	}, statement, o.of.schema, o.of.name)
	return of, err
}

// has tells whether a table has a tool's columns, and whether the account may read
// them: no statement shall fail for want of a privilege.
func has(ctx context.Context, server collector.Server, o object, columns []string) (there, readable bool, err error) {
	args := []any{o.of.schema, o.name}
	for _, c := range columns {
		args = append(args, c)
	}
	var found, granted int
	err = server.Query(ctx, func(row collector.Row) error {
		return row.Scan(&found, &granted)
	}, `SELECT COUNT(*), COUNT(NULLIF(FIND_IN_SET('select', PRIVILEGES), 0)) FROM information_schema.COLUMNS `+
		`WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_NAME IN (?`+strings.Repeat(", ?", len(columns)-1)+`)`, args...)
	return found == len(columns), granted == len(columns), err
}

// triggers are those of pt-online-schema-change.
func triggers(ctx context.Context, server collector.Server) ([]object, error) {
	var all []object
	err := server.Query(ctx, func(row collector.Row) error {
		o := object{method: ptOSC, kind: trigger}
		if err := row.Scan(&o.of.schema, &o.name, &o.of.name, &o.created); err != nil {
			return err
		}
		all = append(all, o)
		return nil
	}, `SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE, UNIX_TIMESTAMP(CREATED) FROM information_schema.TRIGGERS `+
		`WHERE TRIGGER_NAME LIKE 'pt\_osc\_%'`)
	return all, err
}
