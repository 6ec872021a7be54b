// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

// account is the example's. It is for an exporter on the server's own host.
const account = "'dbsync'@'localhost'"

// grants returns the statements that make the account of the exporter.
func grants(defs []collector.Definition) string {
	p := &page{}
	p.generated("The account on the server", "what the collectors declare")
	p.line(`The exporter reads, and never writes to a server that it monitors. Its account needs what follows, and nothing
more. A collector whose privilege is missing is skipped, which dbsync_collector_skipped{reason="unprivileged"} shows.

MAX_USER_CONNECTIONS is a promise that the server keeps: the exporter takes two connections, and a third one only to end a
statement of its own that overruns; two are for an operator's dbsyncctl. Where
mysql.max_connections is not 2, it is that number plus three. An account that is there already gets it by ALTER USER ... WITH MAX_USER_CONNECTIONS 5.

An exporter on another host needs that host in place of localhost, and TLS ([configuration.md](configuration.md), tls).`)
	for _, flavour := range []collector.Flavour{collector.MySQL, collector.MariaDB} {
		p.flavour(defs, flavour)
	}
	return p.String()
}

func (p *page) flavour(defs []collector.Definition, flavour collector.Flavour) {
	required := collector.Requirements(defs, flavour)
	p.line("")
	p.line("## %s", title(flavour))
	p.line("")
	p.line("```sql")
	p.line("CREATE USER %s IDENTIFIED BY 'a password of its own' WITH MAX_USER_CONNECTIONS 5;", account)
	everywhere := slices.IndexFunc(required, collector.Requirement.Placeholder)
	if everywhere < 0 {
		everywhere = len(required)
	}
	for _, statement := range collector.GrantStatements(required[:everywhere], account) {
		p.line("%s;", statement)
	}
	p.further(required[everywhere:])
	p.line("```")
	p.line("")
	p.table("privilege", "on", "for", "without it")
	for _, r := range required {
		for _, u := range r.Uses {
			p.row(r.Name, code(r.On), code(u.Collector), missing(r, u, defs, flavour))
		}
	}
}

// further writes what only some servers have as comments, for each collector by
// itself: who wants one of them should not grant what another one needs.
func (p *page) further(required []collector.Requirement) {
	if len(required) == 0 {
		return
	}
	p.line("-- Further, by the names of your own schemas, for what you want of it:")
	names := map[string][]string{}
	var order []string
	for _, r := range required {
		for _, u := range r.Uses {
			key := u.Collector + " " + r.On
			if names[key] == nil {
				order = append(order, key)
			}
			names[key] = append(names[key], r.Name)
		}
	}
	slices.Sort(order)
	for _, key := range order {
		name, on, _ := strings.Cut(key, " ")
		p.line("-- GRANT %s ON %s TO %s; -- %s", strings.Join(names[key], ", "), on, account, name)
	}
}

func title(flavour collector.Flavour) string {
	if flavour == collector.MySQL {
		return "MySQL and Percona Server"
	}
	return names()[flavour]
}

// missing says what is not there without the privilege.
func missing(r collector.Requirement, u collector.Use, defs []collector.Definition, flavour collector.Flavour) string {
	for _, d := range defs {
		if d.Name != u.Collector {
			continue
		}
		for _, p := range d.Needs.Privileges[flavour] {
			if p.Name == r.Name && p.On == r.On && !p.Optional {
				return "the collector is skipped: " + u.Why
			}
		}
	}
	return "a part is missing: " + u.Why
}
