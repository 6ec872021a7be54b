// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// series is what a backup and a server must have in common: MariaDB 10.11, MySQL 8.4.
type series struct {
	flavour      collector.Flavour
	major, minor int
}

func (s series) String() string {
	name := "MySQL"
	if s.flavour == collector.MariaDB {
		name = "MariaDB"
	}
	return fmt.Sprintf("%s %d.%d", name, s.major, s.minor)
}

var versionNumber = regexp.MustCompile(`\d+\.\d+\.\d+\S*`)

// seriesOf reads a version such as 10.11.14-MariaDB-log, or a line with one in it. Percona Server reads what MySQL does.
func seriesOf(text string) (series, error) {
	version, err := collector.ParseVersion(versionNumber.FindString(text))
	if err != nil {
		return series{}, fmt.Errorf("no version in %q", text)
	}
	flavour := collector.DetectFlavour(text, "")
	if flavour == collector.Percona {
		flavour = collector.MySQL
	}
	return series{flavour, version.Major, version.Minor}, nil
}

// findServer finds a server program of the series. Zero: the one that was named, if one was.
func findServer(ctx context.Context, path string, want series) (sandbox.Program, error) {
	var program sandbox.Program
	var err error
	switch {
	case path != "":
		if _, err := os.Stat(path); err != nil {
			return program, fmt.Errorf("--mysqld: %w", err)
		}
		program = sandbox.At(path)
	case want == series{}:
		return program, errors.New("the backup does not say which server it was taken from: name the program of one by --mysqld, " +
			"or compare with the live server by --live")
	case want.flavour == collector.MariaDB:
		program, err = sandbox.FindMariaDB() //nolint:contextcheck // asks for a version, at once
	default:
		program, err = sandbox.FindMySQL() //nolint:contextcheck // asks for a version, at once
	}
	if err != nil {
		return program, fmt.Errorf("restoring takes a %s server: install one (it need not run), or name the program of one by --mysqld", want)
	}
	text, err := program.Output(ctx, "--no-defaults", "--version")
	if err != nil {
		return program, err
	}
	have, err := seriesOf(versionText(text))
	switch {
	case err != nil:
		return program, fmt.Errorf("%s: %w", program.Path, err)
	case want != series{} && have != want:
		return program, fmt.Errorf("the backup is of %s, and %s is %s: name the program of a %s server by --mysqld", want, program.Path, have, want)
	}
	return program, nil
}

var afterVer = regexp.MustCompile(`Ver (\S+)(.*)`)

// versionText is what --version answers without the path, in which anything may stand.
func versionText(answer string) string {
	if m := afterVer.FindString(answer); m != "" {
		return m
	}
	return answer
}

// server is the throw-away server.
type server struct {
	*sandbox.Instance
	flags []string
}

// serverFlags keep the server small, deaf and mute: no network, no events, no replication, nothing but its own folder,
// no plugins that could do without these.
func serverFlags(flavour collector.Flavour, memory int64, plugins string) []string {
	size := strconv.FormatInt(memory, 10)
	flags := []string{
		"--skip-networking", "--skip-log-bin", "--event-scheduler=DISABLED", "--local-infile=OFF", "--performance-schema=OFF",
		"--innodb-buffer-pool-size=" + size, "--max-heap-table-size=" + size, "--max-allowed-packet=1G", "--max-connections=20",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF", "--skip-name-resolve",
		"--plugin-dir=" + plugins,
	}
	if flavour == collector.MariaDB {
		return append(flags, "--skip-slave-start")
	}
	return append(flags, "--skip-replica-start", "--mysqlx=OFF")
}

// environment is all that the server gets of ours: no token and no password is in it.
func environment() []string {
	kept := []string{} // not nil, which would be all of ours
	for _, name := range []string{"PATH", "TZ", "LANG"} {
		if value, ok := os.LookupEnv(name); ok {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// patience bounds how long a server may take to start, with a recovery.
const patience = 10 * time.Minute

// startServer starts a server below the folder: an empty one, or one on a data folder of a backup, whose accounts are
// not asked.
func startServer(ctx context.Context, program sandbox.Program, dir, data string, flags []string) (*server, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	options := sandbox.Options{Program: program, Dir: dir, Flags: flags, Env: environment(), Data: data, NoNetwork: true}
	if data != "" {
		options.Flags = append(flags[:len(flags):len(flags)], openDoor)
	}
	instance, err := sandbox.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	return &server{instance, flags}, nil
}

// openDoor lets everybody in who reaches the socket, which is nobody but us: what a backup says of accounts is not
// to keep us out of its tables.
const openDoor = "--skip-grant-tables"

// again starts the server anew on what was restored, so that nothing is only in its memory.
func (s *server) again(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.Restart(ctx, append(s.flags[:len(s.flags):len(s.flags)], openDoor)...); err != nil {
		return problem(NotRestored, "", "the server does not start on what was restored: %v", err)
	}
	return nil
}

// died tells an error that comes of the server's end from all others.
func (s *server) died() bool {
	const goodbye = 2 * time.Second // it closes connections before it is gone
	select {
	case <-s.Done():
		return true
	case <-time.After(goodbye):
		return false
	}
}

// discreet is an error of the server as may be shown: the message of one that quotes data, without what it quotes.
func discreet(err error) string {
	var refused *mysql.MySQLError
	if !errors.As(err, &refused) {
		return err.Error()
	}
	message := refused.Message
	if !namesObjects(refused.Number) {
		message = quotedText.ReplaceAllString(message, "'…'")
	}
	return fmt.Sprintf("error %d: %s", refused.Number, cmp.Or(message, "without a message"))
}

// quotedText may hold quotes itself, and may be cut: everything from the first quote to the last one.
var quotedText = regexp.MustCompile(`(?s)'.*('|$)`)

// namesObjects lists the errors whose messages quote names of tables, columns, engines and the like, never data.
func namesObjects(number uint16) bool {
	switch number {
	case 1005, 1007, 1008, 1032, 1034, 1049, 1050, 1051, 1054, 1060, 1061, 1091, 1071, 1114, 1115, 1118, 1146, 1193, 1194,
		1195, 1215, 1227, 1231, 1235, 1273, 1286, 1290, 1305, 1356, 1412, 1419, 1449, 1813, 1814, 1822, 1824, 1932, 3780:
		return true
	}
	return false
}
