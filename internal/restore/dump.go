// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/collector/backup"
)

// dump restores what mysqldump and mariadb-dump write: one file of statements or a folder of them, compressed or not.
type dump struct {
	backup *backup.Copy
	files  []backup.CopyFile
	heads  []backup.Dump
	// without is the schema for a dump that names none.
	without string
}

// openDump reads the beginning of each file.
func openDump(ctx context.Context, chain []*backup.Copy) (method, error) {
	d := &dump{backup: chain[len(chain)-1], without: "restored"}
	for _, f := range d.backup.Files {
		if d.backup.Folder && !strings.Contains(path.Base(f.Name), ".sql") {
			continue // a log, a checksum
		}
		head, err := headOf(ctx, f)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(bytes.TrimSpace(head), []byte("<?xml")) {
			return nil, fmt.Errorf("%s: dumps in XML are not restored here", f.Name)
		}
		d.files = append(d.files, f)
		d.heads = append(d.heads, backup.ReadDump(head))
	}
	if len(d.files) == 0 {
		return nil, problem(NotWhole, "", "%s: no dump in it", d.backup.Run.ID)
	}
	return d, nil
}

func headOf(ctx context.Context, f backup.CopyFile) ([]byte, error) {
	in, _, err := f.OpenContent(ctx, func(int64) {})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	head, err := io.ReadAll(io.LimitReader(in, backup.DumpHead))
	if err != nil && ctx.Err() == nil {
		return nil, problem(NotWhole, "", "%s: %v", f.Name, err)
	}
	return head, err
}

func (d *dump) server() string {
	for _, h := range d.heads {
		if h.Server != "" {
			return h.Server
		}
	}
	return ""
}

// all tells whether every schema of the server is in it.
func (d *dump) all() bool {
	return len(d.heads) == 1 && d.heads[0].Commented && d.heads[0].Database == "" && !d.backup.Folder
}

func (d *dump) rows() map[table]int64 { return nil }

func (d *dump) restore(ctx context.Context, w *work) error {
	if err := w.choose(ctx, d.server()); err != nil {
		return err
	}
	s, err := w.start(ctx, "")
	if err != nil {
		return err
	}
	conn, err := s.Open().Conn(ctx) // one login for all: a dump may change the accounts
	if err != nil {
		return err
	}
	defer conn.Close()
	for i, f := range d.files {
		schema := d.heads[i].Database
		if schema == "" && !d.heads[i].Commented {
			schema = d.without
		}
		if schema != "" {
			if err := execute(ctx, conn, "CREATE DATABASE IF NOT EXISTS "+quote(schema), "USE "+quote(schema)); err != nil {
				return err
			}
		}
		if err := w.feed(ctx, s, conn, f, ";"); err != nil {
			return err
		}
	}
	return s.again(ctx)
}

// feed sends the statements of a file to the server.
func (w *work) feed(ctx context.Context, s *server, conn *sql.Conn, f backup.CopyFile, delimiter string) error {
	in, name, err := f.OpenContent(ctx, w.read)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := execute(ctx, conn, "SET SESSION sql_mode = DEFAULT", "SET NAMES utf8mb4",
		"SET SESSION foreign_key_checks = 0"); err != nil {
		return err
	}
	texts := newStatements(in, delimiter)
	for {
		text, err := texts.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errStatement):
			return fmt.Errorf("%s, line %d: %w", name, texts.line, err)
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return problem(NotRestored, "", "%s, line %d: %v", name, texts.line, err)
		case replicates(text):
			continue
		}
		if _, err = conn.ExecContext(ctx, string(text)); err == nil {
			continue
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case ofAccounts(text):
			w.refused(fmt.Sprintf("%s, line %d: %s", name, texts.began, discreet(err)))
			continue
		case s.died():
			return problem(NotRestored, "", "%s, line %d: the server ended; its last output:\n%s", name, texts.began, s.Output())
		}
		return problem(NotRestored, "", "%s, line %d: %s", name, texts.began, discreet(err))
	}
}

var replication = regexp.MustCompile(`(?i)^(?:/\*!\d*\s*)?(?:CHANGE\s+(?:MASTER|REPLICATION)|(?:START|STOP|RESET)\s+(?:ALL\s+)?(?:SLAVES?|REPLICAS?|GROUP_REPLICATION|MASTER))\b`)

// replicates tells the statements that dumps have for a new replica. The throw-away server is none, and must not look
// for its source.
func replicates(text []byte) bool { return replication.Match(text[:min(len(text), 200)]) }

var accounts = regexp.MustCompile(`(?i)^(?:/\*M?!\d*\s*)?(?:(?:CREATE|ALTER|DROP|RENAME)\s+(?:OR\s+REPLACE\s+)?(?:USER|ROLE)|GRANT|REVOKE|SET\s+(?:DEFAULT\s+ROLE|PASSWORD))\b`)

// ofAccounts tells the statements on accounts. The throw-away server has some of its own already, and lacks the plugins
// by which others log in: what it refuses of them says nothing about the data.
func ofAccounts(text []byte) bool { return accounts.Match(text[:min(len(text), 200)]) }

// refused notes a statement that the server has refused and that does not matter.
func (w *work) refused(why string) {
	if w.refusals++; w.refusals == 1 {
		w.firstRefusal = why
	}
}

// execute runs statements of our own.
func execute(ctx context.Context, conn *sql.Conn, statements ...string) error {
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// quote is a name as a statement has it.
func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// byName sorts files, as a shell would give them.
func byName(files []backup.CopyFile) {
	slices.SortFunc(files, func(a, b backup.CopyFile) int { return strings.Compare(a.Name, b.Name) })
}
