// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"hash/crc32"
	"strconv"
)

// rails is Active Record from Rails 5, which has a second table beside: a row for
// each applied version, and nothing else. It is at work while it has its lock.
func rails() *tool {
	return &tool{
		name:    "rails",
		table:   "schema_migrations",
		columns: []string{"version varchar"},
		exact:   true,
		beside:  "ar_internal_metadata",
		rows:    selection{version: "version"},
		states:  []state{applied},
		lock:    lock{names: railsLock},
		files:   files{wanted: named(`^(?P<version>[0-9]+)_(?P<name>[_a-z0-9]*)\.?[_a-z0-9]*\.rb$`), deep: true, prunable: true},
		same:    number,
	}
}

// railsLock is generate_migrator_advisory_lock_id (activerecord/migration.rb).
func railsLock(schema, _ string) []string {
	const salt = 2053462845
	return []string{strconv.FormatUint(salt*uint64(crc32.ChecksumIEEE([]byte(schema))), 10)}
}
