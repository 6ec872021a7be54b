// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash/crc32"
)

// sqlx is sqlx (Rust). A row is there before the migration runs, without success;
// as changes of the schema commit, it shows while it runs, and stays when it
// failed.
func sqlx() *tool {
	return &tool{
		name:    "sqlx",
		table:   "_sqlx_migrations",
		columns: []string{"version bigint", "description", "installed_on", "success", "checksum", "execution_time"},
		exact:   true,
		rows: selection{
			version: "version", description: "description", checksum: "LOWER(HEX(checksum))",
			state: "IF(success + 0 = 0, 'unfinished', 'applied')",
			ended: "IF(success + 0 = 0, NULL, " + local("installed_on") + ")",
			took:  "IF(execution_time < 0, NULL, execution_time / 1e9)",
			mark:  "MAX(version), SUM(success + 0), SUM(execution_time)",
		},
		states: []state{applied, unfinished},
		lock:   lock{names: sqlxLock},
		files:  files{wanted: named(`^(?P<version>\d+)_(?P<name>.*?)(?:\.up)?\.sql$`, `\.down\.sql$`), inside: sqlxInside},
		same:   number,
	}
}

// sqlxLock is generate_lock_id (sqlx-mysql/src/migrate.rs).
func sqlxLock(schema, _ string) []string {
	const salt = 0x3d32ad9e
	return []string{fmt.Sprintf("%x", salt*uint64(crc32.ChecksumIEEE([]byte(schema))))}
}

func sqlxInside(f file, content []byte) ([]file, error) {
	sum := sha512.Sum384(content)
	f.checksum = hex.EncodeToString(sum[:])
	return []file{f}, nil
}
