// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

// Read reads a schema from information_schema, in a handful of statements. One
// that is not there, or of which the account sees nothing, is empty.
func Read(ctx context.Context, server collector.Server, name string) (Schema, error) {
	facts, err := server.Facts(ctx)
	if err != nil {
		return nil, err
	}
	r := &reader{server: server, name: name, mariadb: facts.Flavour == collector.MariaDB, found: Schema{}, json: map[Object]bool{}}
	for _, read := range []func(context.Context) error{r.tables, r.checks, r.columns, r.indexes, r.keys, r.views, r.routines, r.triggers} {
		if err := read(ctx); err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
	}
	return r.found, nil
}

type reader struct {
	server  collector.Server
	name    string
	mariadb bool
	found   Schema
	json    map[Object]bool // the columns that MariaDB checks to be JSON
}

// each calls use with the texts of each row; NULL is empty but in raw.
func (r *reader) each(ctx context.Context, columns int, use func(raw []sql.NullString), statement string) error {
	raw, into := make([]sql.NullString, columns), make([]any, columns)
	for i := range raw {
		into[i] = &raw[i]
	}
	return r.server.Query(ctx, func(row collector.Row) error {
		if err := row.Scan(into...); err != nil {
			return err
		}
		use(raw)
		return nil
	}, statement, r.name)
}

// of picks the flavour's part of a statement.
func (r *reader) of(mysql, mariadb string) string {
	if r.mariadb {
		return mariadb
	}
	return mysql
}

// words joins what there is.
func words(all ...string) string {
	return strings.Join(strings.Fields(strings.Join(all, " ")), " ")
}

func (r *reader) tables(ctx context.Context) error {
	return r.each(ctx, 4, func(c []sql.NullString) {
		partitioned := ""
		if strings.Contains(c[3].String, "partitioned") {
			partitioned = "partitioned"
		}
		r.found[Object{Table, c[0].String}] = words("engine "+c[1].String, collation(c[2].String), partitioned)
	}, `SELECT TABLE_NAME, ENGINE, TABLE_COLLATION, CREATE_OPTIONS FROM information_schema.TABLES `+
		`WHERE TABLE_SCHEMA = ? AND TABLE_TYPE <> 'VIEW'`)
}

func (r *reader) columns(ctx context.Context) error {
	var order, table string
	return r.each(ctx, 8, func(c []sql.NullString) {
		if c[0].String != table {
			table, order = c[0].String, ""
		}
		order = words(order, c[1].String)
		r.found[Object{Order, table}] = order
		o := Object{Column, table + "." + c[1].String}
		kind, characters := typeName(c[2].String), collation(c[3].String)
		if r.json[o] || kind == "json" {
			kind, characters = "json", ""
		}
		null := "NULL"
		if c[4].String == "NO" {
			null = "NOT NULL"
		}
		text := words(kind, characters, null)
		if d := defaultOf(c[5], c[6].String, r.mariadb); d != "" {
			text += " DEFAULT " + d
		}
		if extra := extras(c[6].String); extra != "" {
			text += " " + extra
		}
		if c[7].String != "" {
			text += " AS " + expression(c[7].String)
		}
		r.found[o] = text
	}, `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COLLATION_NAME, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, GENERATION_EXPRESSION `+
		`FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME, ORDINAL_POSITION`)
}

// indexes: MariaDB knows ignored ones since 10.6.
func (r *reader) indexes(ctx context.Context) error {
	return r.each(ctx, 9, func(c []sql.NullString) {
		o := Object{Index, c[0].String + "." + c[1].String}
		if r.found[o] == "" {
			unique := ""
			if c[2].String == "0" {
				unique = "UNIQUE"
			}
			if c[8].String == "1" {
				unique = words(unique, "invisible")
			}
			r.found[o] = words(unique, c[3].String)
		}
		part := c[4].String
		if c[7].String != "" {
			part = expression(c[7].String)
		}
		if c[5].Valid && c[3].String == "BTREE" {
			part += "(" + c[5].String + ")"
		}
		if c[6].String == "D" {
			part += " DESC"
		}
		r.found[o] += ", " + part
	}, `SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, INDEX_TYPE, COLUMN_NAME, SUB_PART, COLLATION, `+
		r.of("EXPRESSION, IS_VISIBLE = 'NO'", "NULL, IGNORED = 'YES'")+
		` FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`)
}

func (r *reader) keys(ctx context.Context) error {
	return r.each(ctx, 7, func(c []sql.NullString) {
		o := Object{Key, c[0].String + "." + c[1].String}
		if r.found[o] == "" {
			r.found[o] = "ON UPDATE " + rule(c[5].String) + " ON DELETE " + rule(c[6].String)
		}
		r.found[o] += ", " + c[2].String + " REFERENCES " + c[3].String + "." + c[4].String
	}, `SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, c.UPDATE_RULE, `+
		`c.DELETE_RULE FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS c `+
		`ON c.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND c.TABLE_NAME = k.TABLE_NAME `+
		`WHERE k.TABLE_SCHEMA = ? AND k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`)
}

// checks go by what they say: the servers give names of their own to those that
// have none.
func (r *reader) checks(ctx context.Context) error {
	return r.each(ctx, 2, func(c []sql.NullString) {
		if m := isJSON.FindStringSubmatch(c[1].String); r.mariadb && m != nil {
			r.json[Object{Column, c[0].String + "." + m[1]}] = true
			return
		}
		clause := expression(c[1].String)
		r.found[Object{Check, c[0].String + "." + clause}] = clause
	}, r.of(`SELECT t.TABLE_NAME, c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c `+
		`JOIN information_schema.TABLE_CONSTRAINTS t ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME `+
		`AND t.CONSTRAINT_TYPE = 'CHECK' WHERE c.CONSTRAINT_SCHEMA = ?`,
		`SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ?`))
}

func (r *reader) views(ctx context.Context) error {
	return r.each(ctx, 3, func(c []sql.NullString) {
		// Each server names the schema in other places.
		text := strings.ReplaceAll(c[1].String, "`"+strings.ReplaceAll(r.name, "`", "``")+"`.", "")
		r.found[Object{View, c[0].String}] = words("SECURITY "+c[2].String, expression(text))
	}, `SELECT TABLE_NAME, VIEW_DEFINITION, SECURITY_TYPE FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?`)
}

func (r *reader) routines(ctx context.Context) error {
	err := r.each(ctx, 7, func(c []sql.NullString) {
		r.found[routine(c[1].String, c[0].String)] = words(c[2].String, c[3].String, c[4].String, typeName(c[5].String), c[6].String)
	}, `SELECT ROUTINE_NAME, ROUTINE_TYPE, SECURITY_TYPE, SQL_DATA_ACCESS, IF(IS_DETERMINISTIC = 'YES', 'DETERMINISTIC', ''), `+
		`DTD_IDENTIFIER, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?`)
	if err != nil {
		return err
	}
	return r.each(ctx, 5, func(c []sql.NullString) {
		r.found[routine(c[1].String, c[0].String)] += ", " + words(c[2].String, c[3].String, typeName(c[4].String))
	}, `SELECT SPECIFIC_NAME, ROUTINE_TYPE, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER FROM information_schema.PARAMETERS `+
		`WHERE SPECIFIC_SCHEMA = ? AND ORDINAL_POSITION > 0 ORDER BY ROUTINE_TYPE, SPECIFIC_NAME, ORDINAL_POSITION`)
}

func routine(kind, name string) Object { return Object{Routine, strings.ToLower(kind) + " " + name} }

func (r *reader) triggers(ctx context.Context) error {
	return r.each(ctx, 5, func(c []sql.NullString) {
		r.found[Object{Trigger, c[0].String + "." + c[1].String}] = words(c[2].String, c[3].String, c[4].String)
	}, `SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT FROM information_schema.TRIGGERS `+
		`WHERE TRIGGER_SCHEMA = ?`)
}
