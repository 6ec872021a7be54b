// SPDX-License-Identifier: Apache-2.0

//go:build unix

package schemachange_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// alter runs a statement in the background and waits for its end in the cleanup.
func alter(t *testing.T, server *testenv.Server, statement string) (ended <-chan error) {
	t.Helper()
	done := make(chan error, 1)
	db := server.Open()
	go func() {
		_, err := db.Exec(statement)
		done <- err
		close(done)
	}()
	t.Cleanup(func() {
		for range done { //nolint:revive // waits for the end
		}
	})
	return done
}

// observed are the values that a change had, from its beginning to its end.
type observed struct {
	seen   int
	ratios []float64
	etas   int
	rows   int
}

// follow scrapes until the statement has ended.
func follow(t *testing.T, m *monitor, ended <-chan error, method, schema, table string) observed {
	t.Helper()
	var o observed
	began := time.Now()
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for {
		s := m.scrape("migration.schema_changes")
		if s[changeOf("running", method, schema, table)] == 1 {
			o.seen++
			if start := s[changeOf("start_timestamp_seconds", method, schema, table)]; start < float64(began.Unix())-2 || start > float64(time.Now().Unix())+1 {
				t.Errorf("it began at %v, the test at %v", start, began.Unix())
			}
		}
		if ratio, known := s[changeOf("progress_ratio", method, schema, table)]; known {
			o.ratios = append(o.ratios, ratio)
		}
		if _, known := s[changeOf("eta_seconds", method, schema, table)]; known {
			o.etas++
		}
		if _, known := s[changeOf("rows_copied", method, schema, table)]; known {
			o.rows++
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			testenv.Eventually(t, 5*time.Second, "it runs no longer", func() error {
				if _, there := m.scrape("migration.schema_changes")[changeOf("running", method, schema, table)]; there {
					return errors.New("it does")
				}
				return nil
			})
			return o
		case <-pace.C:
		}
	}
}

// rising checks that a change was seen to make progress.
func (o observed) rising(t *testing.T) {
	t.Helper()
	if len(o.ratios) < 3 || o.etas == 0 {
		t.Fatalf("seen %d times, with progress %v and %d times an end", o.seen, o.ratios, o.etas)
	}
	first, last := o.ratios[0], o.ratios[len(o.ratios)-1]
	if first >= last || first < 0 || last > 1 {
		t.Errorf("progress from %v to %v", first, last)
	}
	t.Logf("seen %d times, progress from %.3f to %.3f", o.seen, first, last)
}

// many is as many rows as an ALTER TABLE takes a second or more for.
const many = 100_000

func TestAlterOnMySQL(t *testing.T) {
	server := testenv.SharedMySQL(t)
	schema := server.Schema(t)
	filled(t, server, schema, "orders", many)
	m := watch(t, server, schema)

	ended := alter(t, server, "ALTER TABLE "+schema+".orders MODIFY a BIGINT, ALGORITHM=COPY")
	o := follow(t, m, ended, "innodb", schema, "orders")
	o.rising(t)
	if o.rows == 0 {
		t.Error("the rows are unknown")
	}
	filled(t, server, schema, "lines", 1_000_000)
	ended = alter(t, server, "ALTER TABLE "+schema+".lines ADD INDEX (a), ALGORITHM=INPLACE")
	o = follow(t, m, ended, "innodb", schema, "lines")
	o.rising(t)
	if o.rows > 0 {
		t.Error("pages pass for rows")
	}
}

func TestAlterOnMariaDB(t *testing.T) {
	server := testenv.SharedMariaDB(t)
	schema := server.Schema(t)
	filled(t, server, schema, "orders", many)
	m := watch(t, server, schema)

	ended := alter(t, server, "ALTER TABLE "+schema+".orders MODIFY a BIGINT, ALGORITHM=COPY")
	follow(t, m, ended, "mariadb", schema, "orders").rising(t)

	ended = alter(t, server, "ALTER TABLE "+schema+".orders FORCE, ALGORITHM=INPLACE")
	o := follow(t, m, ended, "mariadb", schema, "orders")
	if o.seen == 0 || len(o.ratios) > 0 {
		t.Errorf("working in place, seen %d times, progress %v", o.seen, o.ratios)
	}
}

// gh-ost's tables by its source (go/logic/applier.go, CreateChangelogTable).
const changelogTable = `CREATE TABLE %s._orders_ghc (
	id bigint unsigned AUTO_INCREMENT,
	last_update timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
	hint varchar(64) charset ascii NOT NULL,
	value varchar(4096) charset ascii NOT NULL,
	PRIMARY KEY(id), UNIQUE KEY hint_uidx(hint)) AUTO_INCREMENT=256 COMMENT='gh-ost changelog'`

func TestGhost(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		filled(t, server, schema, "orders", 1000)
		filled(t, server, schema, "_orders_gho", 500)
		server.Exec(t, fmt.Sprintf(changelogTable, schema))
		write := func(id int, hint, value string) {
			server.Exec(t, fmt.Sprintf("REPLACE INTO %s._orders_ghc (id, hint, value) VALUES (%d, '%s', '%s')", schema, id, hint, value))
		}
		write(1, "heartbeat", time.Now().Format(time.RFC3339Nano))
		write(2, "state", "ReadMigrationRangeValues")
		m := watch(t, server, schema)
		s := m.look()
		of := func(name string) string { return changeOf(name, "gh-ost", schema, "orders") }
		if s[of("running")] != 1 || s[of("throttled")] != 0 {
			t.Errorf("running %v, throttled %v", s[of("running")], s[of("throttled")])
		}
		if ratio := s[of("progress_ratio")]; ratio < 0.4 || ratio > 0.6 || s[of("rows_copied")] != 500 {
			t.Errorf("progress %v, %v rows", ratio, s[of("rows_copied")])
		}
		write(3, "throttle", "lag=3.1s")
		if s = m.look(); s[of("throttled")] != 1 {
			t.Error("not throttled")
		}
		write(3, "throttle", "done throttling")
		if s = m.look(); s[of("throttled")] != 0 {
			t.Error("throttled when it is over")
		}

		// It dies.
		server.Exec(t, "UPDATE "+schema+"._orders_ghc SET last_update = last_update - INTERVAL 1 HOUR")
		m.later(6 * time.Minute)
		s = m.look()
		if _, there := s[of("running")]; there {
			t.Error("dead and running")
		}
		if s[left("leftovers", "new_table", "gh-ost", schema)] != 1 || s[left("leftovers", "changelog", "gh-ost", schema)] != 1 {
			t.Errorf("what it left: %v", s)
		}
		if size := s[left("leftover_bytes", "new_table", "gh-ost", schema)]; size < 16384 {
			t.Errorf("%v bytes", size)
		}
	})
}

// TestNamesAlone: a table that somebody named so is no tool's.
func TestNamesAlone(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema := server.Schema(t)
		for _, name := range []string{"_brand_new", "_prices_old", "_x_del", "__new", "_new", "orders", "_orders_chkpnt", "_spirit_checkpoint", "pt_osc_history"} {
			server.Exec(t, fmt.Sprintf("CREATE TABLE %s.%s (id INT PRIMARY KEY)", schema, name))
		}
		m := watch(t, server, schema)
		m.look()
		m.later(time.Hour)
		for name := range m.look() {
			t.Log(name)
			if len(name) > 9 && name[:9] == "leftovers" {
				t.Error(name)
			}
		}
	})
}
