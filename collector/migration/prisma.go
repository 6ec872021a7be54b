// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"crypto/sha256"
	"encoding/hex"
)

// prisma is Prisma Migrate. A row is there before the migration runs; it is
// finished when that succeeded, and has logs when it failed. One that failed
// blocks all others until it is resolved, after which its name may come again.
func prisma() *tool {
	return &tool{
		name:  "prisma",
		table: "_prisma_migrations",
		columns: []string{
			"id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count",
		},
		rows: selection{
			order:   "CAST(UNIX_TIMESTAMP(started_at) * 1000 AS SIGNED)",
			version: "migration_name", checksum: "checksum",
			state: "CASE WHEN rolled_back_at IS NOT NULL THEN 'rolled_back' WHEN finished_at IS NOT NULL THEN 'applied'" +
				" WHEN logs <> '' THEN 'failed' ELSE 'unfinished' END",
			ended: "UNIX_TIMESTAMP(CASE WHEN rolled_back_at IS NOT NULL THEN NULL WHEN logs <> '' AND finished_at IS NULL" +
				" THEN started_at ELSE finished_at END)",
			took: "NULLIF(TIMESTAMPDIFF(MICROSECOND, started_at, finished_at), 0) / 1e6",
			mark: "SUM(finished_at IS NULL), SUM(finished_at IS NULL AND logs <> ''), COUNT(rolled_back_at)",
		},
		states: []state{applied, failed, rolledBack, unfinished},
		lock:   lock{names: func(string, string) []string { return []string{"prisma_migrate"} }, shared: true},
		files:  files{wanted: named(`^(?P<version>[^/]+)/migration\.sql$`), inside: prismaInside, deep: true},
	}
}

func prismaInside(f file, content []byte) ([]file, error) {
	sum := sha256.Sum256(content)
	f.checksum = hex.EncodeToString(sum[:])
	return []file{f}, nil
}
