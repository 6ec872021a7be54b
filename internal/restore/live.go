// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// exactUpTo is the estimate up to which the live server counts rows. Of a larger table it does so only when its
// estimate is too far away: InnoDB estimates by a few pages.
const exactUpTo = 100_000

// liveTable is what the live server says of a table.
type liveTable struct {
	estimate int64
	made     time.Time // zero: not known
}

// compare compares tables and their rows with the live server's.
func (w *work) compare(ctx context.Context, m method, counts map[table]int64, v *Verdict) error {
	live, err := liveTables(ctx, w.options.Live.Background())
	if err != nil {
		return fmt.Errorf("the live server: %w", err)
	}
	restored := map[string]bool{}
	for t := range counts {
		restored[t.schema] = true
	}
	seen := map[string]bool{}
	for t := range live {
		seen[t.schema] = true
	}
	for _, t := range sorted(counts) {
		if !seen[t.schema] {
			return fmt.Errorf("the live server shows no table of the schema %s to compare with: "+
				"it is not there any more, or the exporter's account has to be granted SELECT ON %s.*", t.schema, quote(t.schema))
		}
	}
	taken := w.taken()
	for _, t := range sorted(live) {
		have, there := counts[t]
		switch {
		case v.names(t), !there && !restored[t.schema] && !m.all():
		case !there && live[t].made.After(taken): // since the backup
		case !there:
			v.Problems = append(v.Problems, *problem(TableMissing, t.String(), "the live server has it, the backup has not"))
		default:
			if err := w.compareRows(ctx, t, have, live[t].estimate, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// taken is when the backup began, or was there.
func (w *work) taken() time.Time {
	run := w.options.Chain[len(w.options.Chain)-1].Run
	if run.Start.IsZero() {
		return run.End
	}
	return run.Start
}

func liveTables(ctx context.Context, server collector.Server) (map[table]liveTable, error) {
	tables := map[table]liveTable{}
	err := server.Query(ctx, func(row collector.Row) error {
		var t table
		var estimate, made *int64
		if err := row.Scan(&t.schema, &t.name, &estimate, &made); err != nil {
			return err
		}
		var l liveTable
		if estimate != nil {
			l.estimate = *estimate
		}
		if made != nil {
			l.made = time.Unix(*made, 0)
		}
		tables[t] = l
		return nil
	}, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS, CAST(UNIX_TIMESTAMP(CREATE_TIME) AS SIGNED) FROM information_schema.TABLES WHERE "+ofUsers)
	return tables, err
}

// compareRows lets the live server count only where its estimate does not do.
func (w *work) compareRows(ctx context.Context, t table, have, estimate int64, v *Verdict) error {
	if estimate > exactUpTo && near(have, estimate, w.options.Tolerance) {
		return nil
	}
	var rows int64
	err := w.options.Live.Background().Query(ctx, func(row collector.Row) error { return row.Scan(&rows) },
		"SELECT COUNT(*) FROM "+quote(t.schema)+"."+quote(t.name))
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		v.Notes = append(v.Notes, fmt.Sprintf("%s: its rows were not compared: the live server does not count them: %v", t, err))
	case !near(have, rows, w.options.Tolerance):
		v.Problems = append(v.Problems, *problem(RowsDiffer, t.String(), "%d rows were restored, the live server has %d: more than %.4g%% apart",
			have, rows, 100*w.options.Tolerance))
	}
	return nil
}

// near reports whether two counts lie within the tolerance, a part of the larger one.
func near(a, b int64, tolerance float64) bool {
	return math.Abs(float64(a-b)) <= tolerance*float64(max(a, b))
}
