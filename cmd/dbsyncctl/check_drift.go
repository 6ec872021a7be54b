// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/internal/exporter"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/schema"
)

const checkDriftHelp = `Each of the two is a target of the exporter's configuration, whose account is used, or a DSN of go-sql-driver, which may
name the schema; its password may be in the environment as MYSQL_PWD.

    dbsyncctl check drift erp-primary erp-replica
    dbsyncctl check drift erp-primary 'deploy@tcp(127.0.0.1:3306)/easy_erp'

What the account may not see is not there: the two accounts need the same privileges.

Exit status: 0 they are alike, 1 they differ, 2 they could not be compared or the command line is wrong.`

// driftTimeout bounds the reading of both.
const driftTimeout = 5 * time.Minute

// drift is the comparison of two servers.
type drift struct {
	file, a, b string
	schemas    []string
	asJSON     *bool
}

func (c *cli) addCheckDrift(group *kingpin.CmdClause) {
	command := group.Command("drift", "Compare the schemas of two database servers, object by object.").HelpLong(checkDriftHelp)
	d := &drift{asJSON: addJSON(command)}
	command.Flag("config.file", "The exporter's configuration, for targets.").
		PlaceHolder("FILE").Default("/etc/dbsync/dbsync.yml").Envar("DBSYNC_CONFIG_FILE").StringVar(&d.file)
	command.Flag("schema", "What to compare; may be repeated. Default: the DSN's, or else migrations.compare_schemas.").StringsVar(&d.schemas)
	command.Arg("a", "One server.").Required().StringVar(&d.a)
	command.Arg("b", "The other one.").Required().StringVar(&d.b)
	c.does(command, func(ctx context.Context, std stdio) error {
		differences, err := d.compare(ctx)
		if err == nil {
			err = d.write(std.out, differences)
		}
		switch {
		case err != nil:
			return &exitError{exitUsage, err}
		case len(differences) > 0:
			return &exitError{code: exitFailure}
		}
		return nil
	})
}

// side is one of the two.
type side struct {
	server exporter.Server
	schema string // that its DSN names
}

// different is an object that differs.
type different struct {
	Schema string `json:"schema"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	A      string `json:"a,omitempty"` // empty: it is not there
	B      string `json:"b,omitempty"`
}

func (d *drift) compare(ctx context.Context) (all []different, err error) {
	ctx, cancel := context.WithTimeout(ctx, driftTimeout)
	defer cancel()
	a, compared, err := d.open(d.a)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.server.Close()) }()
	b, more, err := d.open(d.b)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.server.Close()) }()

	schemas := d.schemas
	switch named := cmp.Or(a.schema, b.schema); {
	case len(schemas) > 0:
		a.schema, b.schema = "", ""
	case named != "":
		schemas = []string{named}
	case len(compared) > 0:
		schemas = compared
	default:
		schemas = more
	}
	if len(schemas) == 0 {
		return nil, errors.New("which schema? give --schema, name it in a DSN, or set migrations.compare_schemas in the configuration")
	}
	for _, name := range schemas {
		ofA, err := d.read(ctx, d.a, a.server, cmp.Or(a.schema, name))
		if err != nil {
			return nil, err
		}
		ofB, err := d.read(ctx, d.b, b.server, cmp.Or(b.schema, name))
		if err != nil {
			return nil, err
		}
		for _, one := range schema.Diff(ofA, ofB) {
			all = append(all, different{name, string(one.Kind), one.Name, one.A, one.B})
		}
	}
	return all, nil
}

// read reads a schema, which must be there.
func (*drift) read(ctx context.Context, of string, server collector.Server, name string) (schema.Schema, error) {
	s, err := schema.Read(ctx, server, name)
	if err == nil && len(s) == 0 {
		err = fmt.Errorf("there is no schema %s, or the account may not see it", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown(of), err)
	}
	return s, nil
}

// open prepares one of the two, and returns what its configuration says to compare.
func (d *drift) open(name string) (side, []string, error) {
	if strings.ContainsAny(name, "/@") { // which are in no target's name
		s, err := openDSN(name)
		return s, nil, err
	}
	c, err := config.Load(d.file, config.Options{Known: exporter.Known()})
	if err != nil {
		return side{}, nil, err
	}
	server, err := exporter.Reach(c, name)
	return side{server: server}, c.CompareSchemas(), err
}

func openDSN(dsn string) (side, error) {
	parsed, err := mysql.ParseDSN(dsn)
	if err != nil {
		return side{}, errors.New("this is no DSN such as user@tcp(127.0.0.1:3306)/schema, and no name of a target") // err may show the password
	}
	options := mysqld.Options{
		Name: "dsn", Address: parsed.Addr, User: parsed.User, Program: program,
		Password: func() (string, error) { return cmp.Or(parsed.Passwd, os.Getenv("MYSQL_PWD")), nil },
	}
	if parsed.Net == "unix" {
		options.Address = "unix://" + parsed.Addr
	}
	switch parsed.TLSConfig {
	case "true":
		options.TLS.Mode = mysqld.TLSVerifyFull
	case "false":
		options.TLS.Mode = mysqld.TLSDisabled
	case "skip-verify":
		options.TLS.Mode = mysqld.TLSInsecure
	}
	server, err := mysqld.New(options)
	return side{server, parsed.DBName}, err
}

// shown is the name of a server without its password.
func shown(name string) string {
	if parsed, err := mysql.ParseDSN(name); err == nil && parsed.Addr != "" && strings.ContainsAny(name, "/@") {
		return parsed.Addr
	}
	return name
}

func (d *drift) write(w io.Writer, all []different) error {
	if *d.asJSON {
		if all == nil {
			all = []different{}
		}
		return writeJSON(w, all)
	}
	var b strings.Builder
	for _, one := range all {
		fmt.Fprintf(&b, "%s: %s %s\n  %s: %s\n  %s: %s\n", one.Schema, one.Kind, one.Name,
			shown(d.a), cmp.Or(one.A, "not there"), shown(d.b), cmp.Or(one.B, "not there"))
	}
	if len(all) == 0 {
		fmt.Fprintf(&b, "%s and %s are alike\n", shown(d.a), shown(d.b))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
