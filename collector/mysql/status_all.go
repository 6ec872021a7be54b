// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

func statusAll() collector.Definition {
	family := &collector.Family{
		Name: statusPrefix, Open: true, Type: collector.Untyped, Source: statusStatement,
		Help: "A status variable of the server.",
	}
	table := newStatusTable()
	return collector.Definition{
		Name:     "mysql.status.all",
		Help:     "Every numeric status variable that mysql.status does not give, some hundred series.",
		Needs:    collector.Needs{Server: true},
		Cost:     "SHOW GLOBAL STATUS once more.",
		Families: []*collector.Family{family},
		New: func(t *collector.Target) collector.Collector {
			reader := statusReader{server: t.Server, table: table}
			return collector.Func(func(ctx context.Context, out *collector.Sink) error {
				return collectRest(ctx, &reader, family, out)
			})
		},
	}
}

// collectRest gives what has no place of its own. Of two variables that would
// have the same name (a plugin's and its successor component's) the first wins.
func collectRest(ctx context.Context, reader *statusReader, family *collector.Family, out *collector.Sink) error {
	given := map[string]bool{}
	return reader.read(ctx, func(p place, text sql.RawBytes) {
		if p.family != nil {
			return
		}
		name := metricName(p.name)
		if value, ok := parseValue(text); ok && !given[name] {
			given[name] = true
			out.EmitNamed(family, name, value)
		}
	})
}

// metricName replaces what a metric's name may not contain.
func metricName(variable string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, variable)
}
