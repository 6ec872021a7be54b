// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e_test

import (
	"bufio"
	"context"
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/golang-migrate/migrate/v4/database"

	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/erp"
)

// administrator opens the company's server with the login that its backups use.
func (s system) administrator(t *testing.T) *sql.DB {
	t.Helper()
	file, err := os.Open(filepath.Join(s.Dir(), "secrets", "backup.cnf"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	login := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		login[key] = value
	}
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr = login["user"], login["password"], "unix", login["socket"]
	config.DBName = erp.Schema
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execAll(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(statement, err)
		}
	}
}

// secondHistory makes a schema that Flyway migrates: unlike golang-migrate, it records when and for how long. The table is
// that of createTable in flyway-mysql.
func secondHistory(t *testing.T, db *sql.DB) {
	t.Helper()
	execAll(t, db,
		"CREATE DATABASE crm",
		"CREATE TABLE crm.flyway_schema_history (installed_rank INT NOT NULL, version VARCHAR(50), description VARCHAR(200) NOT NULL,"+
			" type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INT, installed_by VARCHAR(100) NOT NULL,"+
			" installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, execution_time INT NOT NULL, success BOOL NOT NULL,"+
			" CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank)) ENGINE=InnoDB",
		"GRANT SELECT ON crm.flyway_schema_history TO 'dbsync'@'localhost'",
	)
	migrated(t, db, "1", "customers", "1")
}

// migrated is what Flyway writes after a migration; success is 0 or 1.
func migrated(t *testing.T, db *sql.DB, version, description, success string) {
	t.Helper()
	execAll(t, db, "INSERT INTO crm.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by,"+
		" execution_time, success) VALUES ("+version+", '"+version+"', '"+description+"', 'SQL', 'V"+version+"__"+description+".sql', 1, 'crm', 250, "+success+")")
}

// reportRuns reports what the company's jobs would, to the folder that the exporter reads.
func (s system) reportRuns(t *testing.T, id string) {
	t.Helper()
	store := job.New(job.Options{Dir: filepath.Join(s.Dir(), "jobs")})
	now, size, code := time.Now(), int64(4096), 1
	for _, run := range []job.Run{
		{RunType: "sync", Task: "crm", Status: job.Success, ExpectedIntervalSeconds: 3600, SizeBytes: &size, Values: map[string]float64{"rows": 7}},
		{RunType: "restore_test", Task: "nightly", Status: job.Success},
		{RunType: "deployment", Task: "erp", Status: job.Failed, ExitCode: &code},
	} {
		run.ID, run.Start, run.End = id, now.Add(-time.Second), now
		if _, err := store.Report(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
}

// busyMinute is what happens to a company between two faults: a deployment ends, a migration file waits, one migration
// ran, one failed and one runs, a transaction waits for another one's row, statements are slow, and somebody asks the exporter for a
// target that it does not know. What lasts, lasts as long as the test.
func (s system) busyMinute(t *testing.T, db *sql.DB) {
	t.Helper()
	s.reportRuns(t, "second")
	migrated(t, db, "2", "orders", "1")
	migrated(t, db, "3", "prices", "0") // an alert that lasts
	pending := filepath.Join(s.Dir(), "migrations", "000099_later.up.sql")
	if err := os.WriteFile(pending, []byte("SELECT 1;"), 0o644); err != nil {
		t.Fatal(err)
	}
	lock, err := database.GenerateAdvisoryLockId(erp.Schema + ":schema_migrations")
	if err != nil {
		t.Fatal(err)
	}
	hold(t, db, "SELECT GET_LOCK('"+lock+"', 0)")
	holdRow(t, db)
	execAll(t, db, "DO SLEEP(1.1)", "DO SLEEP(1.1)")
	response, err := http.Get(s.ExporterURL() + "/probe?target=nobody")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

// hold runs a statement on a session that ends with the test.
func hold(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	session, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	if _, err := session.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// holdRow lets one transaction wait for the row of another one.
func holdRow(t *testing.T, db *sql.DB) {
	t.Helper()
	const update = "UPDATE products SET price = price + 1 WHERE id = 1"
	holder, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Rollback() })
	if _, err := holder.ExecContext(t.Context(), update); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		_, _ = db.ExecContext(ctx, update) // ends with the test or with the server
	}()
	t.Cleanup(func() {
		cancel()
		<-waited
	})
}
