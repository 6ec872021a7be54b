// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sandbox

import (
	"context"
	"fmt"
	"path/filepath"

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
	// initialise is the command that fills an empty data folder and leaves root@localhost without a password.
	initialise func(program Program, dataDir string, account *proc.User) (path string, args []string, err error)
	// flags keep a server small, and quiet on the network.
	flags []string
	// secure are the statements, beyond root's new password, that close what initialise leaves open.
	secure []string
}

func mysqlDialect() dialect {
	return dialect{
		kind:       MySQL,
		initialise: initialiseMySQL,
		flags:      []string{"--loose-mysqlx=OFF", "--loose-innodb-redo-log-capacity=32M"},
	}
}

func mariadbDialect() dialect {
	return dialect{
		kind:       MariaDB,
		initialise: initialiseMariaDB,
		flags:      []string{"--innodb-log-file-size=16M"},
		secure: []string{
			"DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost')",
			"FLUSH PRIVILEGES",
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

func initialiseMySQL(program Program, dataDir string, account *proc.User) (string, []string, error) {
	args := []string{"--no-defaults", "--initialize-insecure", "--datadir=" + dataDir}
	args = append(args, asRoot(account)...)
	args = append(args, resources(program)...)
	path, argv := program.Command(append(args, mysqlDialect().flags...)...)
	return path, argv, nil
}

// initialiseMariaDB uses the shell script that comes with the server: what it feeds to the server differs by version.
func initialiseMariaDB(program Program, dataDir string, account *proc.User) (string, []string, error) {
	prefix := filepath.Dir(filepath.Dir(program.Path))
	script, err := first(prefix, "bin/mariadb-install-db", "scripts/mariadb-install-db", "bin/mysql_install_db")
	if err != nil {
		return "", nil, fmt.Errorf("cannot initialise a data folder for %s: %w", program.Path, err)
	}
	args := []string{
		"--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
		"--basedir=" + prefix, "--datadir=" + dataDir,
	}
	args = append(args, asRoot(account)...)
	return script, append(args, mariadbDialect().flags...), nil
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

// initialiseData fills the folder as the given account.
func initialiseData(ctx context.Context, d dialect, program Program, dataDir string, account *proc.User) error {
	path, args, err := d.initialise(program, dataDir, account)
	if err != nil {
		return err
	}
	child, err := proc.Start(proc.Spec{Path: path, Args: args, User: account, Dir: filepath.Dir(dataDir)})
	if err != nil {
		return err
	}
	defer func() { _ = child.Stop() }()
	select {
	case <-child.Done():
	case <-ctx.Done():
		return fmt.Errorf("initialise %s: %w; its last output:\n%s", dataDir, ctx.Err(), child.Output())
	}
	if err := child.Err(); err != nil {
		return fmt.Errorf("initialise %s with %s: %w; its last output:\n%s", dataDir, program.Path, err, child.Output())
	}
	return nil
}
