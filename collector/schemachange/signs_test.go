// SPDX-License-Identifier: Apache-2.0

//go:build unix

package schemachange_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestLeftoversCostNoScrape: what many dead gh-ost runs left costs a scrape no more
// than a few do, each is known of all the same, and the one that runs is asked
// each time.
func TestLeftoversCostNoScrape(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		const dead = 30
		changelog := func(name, age string) {
			server.Exec(t, fmt.Sprintf("CREATE TABLE %s._%s_ghc (id BIGINT PRIMARY KEY, last_update TIMESTAMP, hint VARCHAR(64), value VARCHAR(4096))", schema, name))
			server.Exec(t, fmt.Sprintf("INSERT INTO %s._%s_ghc VALUES (1, NOW() - INTERVAL %s, 'heartbeat', '')", schema, name, age))
		}
		for n := range dead {
			changelog(fmt.Sprint("dead", n), "1 HOUR")
		}
		m := watch(t, server, schema)
		all := m.look()
		running := changeOf("running", "gh-ost", schema, "orders")
		testenv.Eventually(t, 10*time.Second, "what is made now is younger, by the second", func() error {
			if testenv.Value[int](t, server, "SELECT MAX(CREATE_TIME) >= NOW() FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?", schema) != 0 {
				return fmt.Errorf("not yet")
			}
			return nil
		})
		changelog("orders", "0 SECOND")
		for range dead/10 + 1 { // the new one is asked first
			all = m.look()
			if all[running] != 1 {
				t.Fatalf("the one that runs is not known: %v", all)
			}
		}
		for n := range dead {
			name := changeOf("last_activity_timestamp_seconds", "gh-ost", schema, fmt.Sprint("dead", n))
			if age := time.Since(time.Unix(int64(all[name]), 0)); (age - time.Hour).Abs() > time.Minute {
				t.Errorf("%s: %v ago, want an hour", name, age)
			}
		}
		before := m.asked.Load()
		if all = m.scrape("migration.schema_changes"); all[running] != 1 {
			t.Error("the one that runs is not asked each time")
		}
		if asked := m.asked.Load() - before; asked > 13 { // it, ten others, the list of threads
			t.Errorf("a scrape with %d leftovers took %d statements", dead, asked)
		}
	})
}
