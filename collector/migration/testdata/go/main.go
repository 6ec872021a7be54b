// SPDX-License-Identifier: Apache-2.0

// Command go runs migration tools that are Go libraries, for the tests that read
// the histories that they leave. It is a module of its own because their
// requirements are not the exporter's.
package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"
	migrate "github.com/rubenv/sql-migrate"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: DSN=... go goose|sql-migrate up|down FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2] == "down", os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(tool string, down bool, folder string) error {
	db, err := sql.Open("mysql", os.Getenv("DSN"))
	if err != nil {
		return err
	}
	defer db.Close()
	switch tool {
	case "goose":
		return runGoose(db, down, folder)
	case "sql-migrate":
		return runSQLMigrate(db, down, folder)
	}
	return fmt.Errorf("no tool %s", tool)
}

func runGoose(db *sql.DB, down bool, folder string) error {
	if err := goose.SetDialect("mysql"); err != nil {
		return err
	}
	if down {
		return goose.Down(db, folder)
	}
	return goose.Up(db, folder)
}

func runSQLMigrate(db *sql.DB, down bool, folder string) error {
	direction, most := migrate.Up, 0
	if down {
		direction, most = migrate.Down, 1
	}
	_, err := migrate.ExecMax(db, "mysql", migrate.FileMigrationSource{Dir: folder}, direction, most)
	return err
}
