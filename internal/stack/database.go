// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// maxConnections is small, so that it can be reached.
const maxConnections = 100

// company is the own server with the demo company on it.
type company struct {
	server   *sandbox.Instance
	migrator erp.Migrator
	dumper   *dumper
	login    *mysql.Config // the account that the company works with
	db       *sql.DB       // as login, in the company's schema

	gateway gateway

	noDisk error // why the backups have no file system of their own
	leak   *leak // connections held by a fault
	jam    *jam  // a pile-up of locks made by a fault
}

// slowLog is the slow query log's file, in the data folder.
const slowLog = "slow.log"

// databaseFlags are those of the own server beyond the sandbox's: what the panels of the dashboards read.
func databaseFlags() []string {
	return []string{
		"--performance-schema=ON",
		fmt.Sprintf("--max-connections=%d", maxConnections),
		"--log-bin=binlog",
		"--server-id=1",
		"--long-query-time=1",
		"--slow-query-log=ON",
		"--slow-query-log-file=" + slowLog,
	}
}

// startCompany starts the server and sets the company up: schema, rows, migrations, a first dump.
func (s *Stack) startCompany(ctx context.Context) error {
	if err := s.startDatabase(ctx); err != nil {
		return err
	}
	steps := []struct {
		what string
		do   func(context.Context) error
	}{
		{"create the schema", s.createSchema},
		{"run the company's migrations", s.migrate},
		{"create the exporter's account", s.createMonitor},
		{"fill the tables", func(ctx context.Context) error { return erp.Seed(ctx, s.company.db) }},
		{"make the first backup", s.firstBackup},
	}
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

func (s *Stack) startDatabase(ctx context.Context) error {
	port, err := s.port("database", DatabasePort)
	if err != nil {
		return err
	}
	log, err := s.logFile("database")
	if err != nil {
		return err
	}
	servers, err := s.folder.below(serversName, 0o711)
	if err != nil {
		return err
	}
	server, err := sandbox.Start(ctx, sandbox.Options{
		Program: s.options.Programs.Database, Dir: servers, Port: port, Flags: databaseFlags(), Log: log,
	})
	if err != nil {
		return err
	}
	s.atEnd(server.Stop)
	s.company = &company{server: server}
	s.say("database", "%s on %s", server.Version(), server.Addr())
	return nil
}

// createSchema makes the company's schema, and the account that the company works with.
func (s *Stack) createSchema(ctx context.Context) error {
	c := s.company
	password, err := s.newSecret("company.password")
	if err != nil {
		return err
	}
	err = execAll(ctx, c.server.Open(),
		"CREATE DATABASE "+erp.Schema+" DEFAULT CHARACTER SET utf8mb4",
		"CREATE USER 'erp'@'localhost' IDENTIFIED BY '"+password+"'",
		"GRANT ALL ON "+erp.Schema+".* TO 'erp'@'localhost'",
	)
	if err != nil {
		return err
	}
	c.login = c.server.AdminConfig()
	c.login.User, c.login.Passwd = "erp", password
	if c.db, err = openSchema(c.login, erp.Schema); err != nil {
		return err
	}
	s.atEnd(c.db.Close)
	return nil
}

// createMonitor creates the exporter's account, with the documented grants alone. It logs in over TCP, as it does where
// the exporter runs elsewhere.
func (s *Stack) createMonitor(ctx context.Context) error {
	server := s.company.server
	password, err := s.newSecret("mysql.password")
	if err != nil {
		return err
	}
	s.login = server.AdminConfig()
	s.login.User, s.login.Passwd, s.login.Net, s.login.Addr = "dbsync", password, "tcp", server.Addr()
	account := "'dbsync'@'localhost'"
	create := "CREATE USER " + account + " IDENTIFIED BY '" + password + "' WITH MAX_USER_CONNECTIONS 5"
	return execAll(ctx, server.Open(), append([]string{create}, grants(server.Kind(), account)...)...)
}

func (s *Stack) migrate(ctx context.Context) error {
	c := s.company
	c.migrator = erp.Migrator{Config: c.login, Dir: filepath.Join(s.folder.root, "migrations")}
	if err := erp.WriteMigrations(c.migrator.Dir); err != nil {
		return err
	}
	return c.migrator.Up(ctx)
}

func (s *Stack) firstBackup(ctx context.Context) error {
	dir, err := s.folder.below("backups", 0o755)
	if err != nil {
		return err
	}
	s.mountBackups(dir)
	c := s.company
	options := filepath.Join(s.folder.root, "secrets", "backup.cnf")
	text := fmt.Sprintf("[client]\nuser=root\npassword=%s\nsocket=%s\n", c.server.AdminConfig().Passwd, c.server.Socket())
	if err := os.WriteFile(options, []byte(text), 0o600); err != nil {
		return err
	}
	c.dumper = &dumper{program: s.options.Programs.Dump, options: options, dir: dir}
	_, err = c.dumper.run(ctx)
	return err
}

// work lets the company work and make its backups until the stack ends.
func (s *Stack) work() {
	s.background(func(ctx context.Context) {
		traffic := &erp.Traffic{DB: s.company.db}
		traffic.Run(ctx, func(err error) { s.say("company", "work fails: %v", err) })
	})
	s.background(s.visitGateway)
	s.background(func(ctx context.Context) {
		say := func(format string, args ...any) { s.say("backup", format, args...) }
		s.company.dumper.every(ctx, s.options.BackupEvery, say)
	})
}

// newSecret makes a password and keeps it in a file that only we can read.
func (s *Stack) newSecret(name string) (string, error) {
	password := rand.Text()
	return password, s.writeSecret(name, password)
}

func (s *Stack) writeSecret(name, content string) error {
	dir, err := s.folder.below("secrets", 0o700)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600)
}

func openSchema(login *mysql.Config, schema string) (*sql.DB, error) {
	config := login.Clone()
	config.DBName = schema
	config.Timeout = 5 * time.Second
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(3)
	return db, nil
}

func execAll(ctx context.Context, db *sql.DB, statements ...string) error {
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return errors.New(withoutSecret(statement) + ": " + err.Error())
		}
	}
	return nil
}
