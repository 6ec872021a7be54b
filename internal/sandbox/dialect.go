// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sandbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/easy-erp/dbsync/internal/proc"
)

// Kind is the product that a server says it is.
type Kind string

// The two products.
const (
	MariaDB Kind = "mariadb"
	MySQL   Kind = "mysql"
)

// dialect holds what differs between the two products when a server is set up.
type dialect struct {
	kind Kind
	// flags keep a server small, and quiet on the network.
	flags []string
	// initialise names the flags that make the server fill an empty data folder, and what it reads meanwhile. After
	// it, root@localhost is the only account that can log in, without a password.
	initialise func(program Program) (flags []string, input io.Reader, err error)
}

func mysqlDialect() dialect {
	return dialect{
		kind:  MySQL,
		flags: []string{"--loose-mysqlx=OFF", "--loose-innodb-redo-log-capacity=32M"},
		initialise: func(Program) ([]string, io.Reader, error) {
			return []string{"--initialize-insecure"}, nil, nil
		},
	}
}

func mariadbDialect() dialect {
	return dialect{
		kind:  MariaDB,
		flags: []string{"--innodb-log-file-size=16M"},
		initialise: func(program Program) ([]string, io.Reader, error) {
			input, err := systemTables(program)
			return []string{"--bootstrap", "--enforce-storage-engine="}, input, err
		},
	}
}

// dialectOf asks the program what it is.
func dialectOf(ctx context.Context, program Program) (dialect, error) {
	version, err := program.Output(ctx, "--no-defaults", "--version")
	if err != nil {
		return dialect{}, err
	}
	if isMariaDB(version) {
		return mariadbDialect(), nil
	}
	return mysqlDialect(), nil
}

// systemTables are the statements that mariadb-install-db feeds to the server, without the texts of HELP. That script
// itself is of no use here: it needs further programs, and when it runs as root it changes the owner of installed files.
func systemTables(program Program) (io.Reader, error) {
	// Releases differ in the prefix of the names (mysql_, mariadb_) and in the folder.
	share := filepath.Dir(filepath.Dir(program.Path)) + "/share"
	var text strings.Builder
	text.WriteString("CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n")
	for _, name := range []string{
		"system_tables.sql", "performance_tables.sql", "system_tables_data.sql", "add_gis_sp_bootstrap.sql", "sys_schema.sql",
	} {
		path, err := first(share, "mysql/*_"+name, "mariadb/*_"+name, "*_"+name)
		if err != nil {
			return nil, fmt.Errorf("cannot initialise a data folder for %s: %w", program.Path, err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		text.Write(content)
		text.WriteString("\n")
	}
	text.WriteString("DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');\n")
	return strings.NewReader(text.String()), nil
}

// resources points a server that runs out of a root file system at its messages, character sets and plugins; one that
// is installed knows them.
func resources(program Program) []string {
	if program.root == nil {
		return nil
	}
	usr := filepath.Join(program.root.dir, "usr")
	return []string{
		"--basedir=" + usr,
		"--lc-messages-dir=" + filepath.Join(usr, "share/mysql"),
		"--character-sets-dir=" + filepath.Join(usr, "share/mysql/charsets"),
		"--plugin-dir=" + filepath.Join(usr, "lib/mysql/plugin"),
	}
}

// initialiseData lets the server fill the empty folder, running as the given account.
func initialiseData(ctx context.Context, d dialect, program Program, dataDir string, account *proc.User) error {
	flags, input, err := d.initialise(program)
	if err != nil {
		return err
	}
	args := append([]string{"--no-defaults", "--datadir=" + dataDir}, asRoot(account)...)
	args = append(append(append(args, resources(program)...), d.flags...), flags...)
	path, argv := program.Command(args...)
	child, err := proc.Start(proc.Spec{Path: path, Args: argv, Stdin: input, User: account, Dir: filepath.Dir(dataDir)})
	if err != nil {
		return err
	}
	defer func() { _ = child.Stop() }()
	select {
	case <-child.Done():
		err = child.Err()
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("initialise %s with %s: %w; its last output:\n%s", dataDir, program.Path, err, child.Output())
	}
	return nil
}
