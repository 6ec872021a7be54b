// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"regexp"
	"strings"
)

// Privilege is a privilege that a collector uses.
type Privilege struct {
	Name string // as SHOW GRANTS writes it: "PROCESS"
	On   string // "*.*", "performance_schema.*" or, in the documentation only, a placeholder such as "app.*"
	Why  string // what is missing without it
	// Optional privileges are documented and not checked: without them a part is
	// missing, or they are for objects that only the user can name.
	Optional bool
}

// Grants is what the account may do, as SHOW GRANTS lists it.
type Grants []grant

type grant struct {
	privileges []string
	on         string
}

// grantLine takes "GRANT a, b (c) ON x.y TO ..." apart. The object may be
// quoted with backticks, or with double quotes under ANSI_QUOTES.
var grantLine = regexp.MustCompile("^GRANT (.+?) ON (?:TABLE )?([`\"]?[^ ]+) TO ")

// ParseGrants reads the rows of SHOW GRANTS. Rows that grant a role, a proxy or
// something on a routine are passed over.
func ParseGrants(rows []string) Grants {
	var out Grants
	for _, row := range rows {
		m := grantLine.FindStringSubmatch(row)
		if m == nil {
			continue
		}
		object := strings.NewReplacer("`", "", `"`, "", `\_`, "_", `\%`, "%").Replace(m[2])
		g := grant{on: strings.ToLower(object)}
		for _, p := range strings.Split(m[1], ",") {
			g.privileges = append(g.privileges, strings.ToUpper(strings.TrimSpace(p)))
		}
		out = append(out, g)
	}
	return out
}

// synonyms maps a privilege to the other names a server may list it under.
// MariaDB 10.5 renamed REPLICATION CLIENT and split it
// (mariadb.com/kb/en/grant/#binlog-monitor, #replica-monitor).
var synonyms = map[string][]string{
	"BINLOG MONITOR":  {"REPLICATION CLIENT"},
	"SLAVE MONITOR":   {"REPLICA MONITOR"},
	"REPLICA MONITOR": {"SLAVE MONITOR"},
}

// Has reports whether the account holds the privilege on the object, by itself
// or by a wider grant.
func (g Grants) Has(p Privilege) bool {
	names := append([]string{p.Name, "ALL PRIVILEGES", "ALL"}, synonyms[p.Name]...)
	database, _, _ := strings.Cut(p.On, ".")
	for _, one := range g {
		if one.on != "*.*" && one.on != strings.ToLower(p.On) && one.on != strings.ToLower(database)+".*" {
			continue
		}
		for _, have := range one.privileges {
			for _, want := range names {
				if have == want {
					return true
				}
			}
		}
	}
	return false
}
