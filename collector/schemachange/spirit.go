// SPDX-License-Identifier: Apache-2.0

package schemachange

import (
	"context"
	"crypto/sha1" //nolint:gosec // a name, as Spirit computes it
	"database/sql"
	"encoding/hex"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// Spirit's checkpoint of a change of several tables at once.
const spiritTogether = "_spirit_checkpoint"

// aux cuts the name of a table as Spirit does for its checkpoint's name, after
// which its lock is named, too (block/spirit, pkg/utils/tablename.go).
func aux(name string) string {
	const longest = 64 - len("_") - len("_chkpnt")
	return name[:min(len(name), longest)]
}

// spiritLock is the name of the lock that Spirit holds for as long as it works on
// a table (block/spirit, pkg/dbconn/advisorylock.go, computeLockName).
func spiritLock(of table) string {
	prefix := aux(of.name)
	hash := sha1.Sum([]byte(of.schema + prefix)) //nolint:gosec // as above
	return of.schema[:min(len(of.schema), 20)] + "." + prefix[:min(len(prefix), 32)] + "-" + hex.EncodeToString(hash[:])[:8]
}

// spirit gives a change by Spirit: its lock tells whether it runs, and its
// checkpoint, which it writes every 50 s from its first rows on, how far it is
// sure to be. A checkpoint's time is in UTC.
func (c *changes) spirit(ctx context.Context, checkpoint source, now time.Time) (s state, alive bool, err error) {
	of := checkpoint.work.of
	statement := "SELECT IS_USED_LOCK(?) IS NOT NULL, NULL"
	if checkpoint.readable {
		statement = "SELECT IS_USED_LOCK(?) IS NOT NULL, (SELECT TIMESTAMPDIFF(SECOND, MAX(created_at), UTC_TIMESTAMP()) FROM " +
			quote(of.schema) + "." + quote(checkpoint.name) + ")"
	}
	var age sql.NullFloat64
	err = c.target.Server.Query(ctx, func(row collector.Row) error {
		return row.Scan(&alive, &age)
	}, statement, spiritLock(of))
	s = unknown(time.Time{})
	if age.Valid {
		s.seen = now.Add(-time.Duration(age.Float64 * float64(time.Second)))
	}
	return s, alive, err
}

// checkpoints are the changes that Spirit's tables tell of, each with its
// checkpoint, which changes that are made together share.
func checkpoints(found []object) map[work]object {
	all, together := map[work]object{}, map[string]object{}
	for _, o := range found {
		switch {
		case o.kind != checkpoint:
		case o.name == spiritTogether:
			together[o.of.schema] = o
		default:
			all[work{o.of, spirit}] = o
		}
	}
	for _, o := range found {
		w := work{o.of, spirit}
		if o.method != spirit || o.kind != newTable {
			continue
		}
		if _, own := all[w]; !own {
			if shared, there := together[o.of.schema]; there {
				all[w] = shared
			}
		}
	}
	return all
}
