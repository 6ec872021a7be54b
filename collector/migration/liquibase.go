// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"bytes"
	"encoding/xml"
	"path"
	"regexp"
	"strings"
)

// liquibase is Liquibase. A change set is known by its file, id and author. The
// table shows what ran; a change set that failed leaves no row, and its changes
// half done. Rolling back deletes the row; RERAN renews it. The lock is a row of a
// second table, which stays taken when Liquibase is killed.
//
// Times are written by NOW() in the session of the client, which is the server's
// zone unless the client asks for another.
func liquibase() *tool {
	return &tool{
		name:    "liquibase",
		table:   "DATABASECHANGELOG",
		columns: []string{"id", "author", "filename", "dateexecuted", "orderexecuted", "exectype", "md5sum", "description"},
		rows: selection{
			order: "ORDEREXECUTED", version: "CONCAT(FILENAME, '::', ID, '::', AUTHOR)", description: "DESCRIPTION",
			ended: "IF(EXECTYPE = 'MARK_RAN', NULL, " + local("DATEEXECUTED") + ")",
		},
		states:  []state{applied},
		current: newest,
		lock:    lock{suffix: "LOCK", held: "LOCKED + 0", since: local("LOCKGRANTED")},
		files:   files{wanted: liquibaseFile, inside: liquibaseInside, deep: true, compare: compareLiquibase},
		same:    liquibaseID,
	}
}

// liquibaseID drops the folders of the file's name: what it is relative to, the
// folder does not say.
func liquibaseID(version, _ string) string {
	name, rest, _ := strings.Cut(version, "::")
	return path.Base(name) + "::" + rest
}

// liquibaseFile takes change logs in SQL and XML. In which order they are
// included, and those in YAML and JSON, is for Liquibase to know.
func liquibaseFile(name string) (file, bool) {
	ok := strings.HasSuffix(name, ".sql") || strings.HasSuffix(name, ".xml")
	return file{}, ok
}

var (
	// AbstractFormattedChangeLogParser.java.
	liquibaseFormatted = regexp.MustCompile(`(?i)^\s*--\s*liquibase\s*formatted`)
	liquibaseChangeSet = regexp.MustCompile(`(?im)^[ \t]*--[ \t]*changeset[ \t]+("[^"\n]+"|[^:\n]+):[ \t]*("[^"\n]+"|\S+)`)
)

func liquibaseInside(f file, content []byte) []file {
	if strings.HasSuffix(f.path, ".xml") {
		return liquibaseXML(f, content)
	}
	if !liquibaseFormatted.Match(bytes.TrimPrefix(content, []byte("\uFEFF"))) {
		return nil
	}
	var sets []file
	for _, m := range liquibaseChangeSet.FindAllSubmatch(content, -1) {
		author, id := strings.Trim(string(m[1]), `"`), strings.Trim(string(m[2]), `"`)
		sets = append(sets, f.set(id, author))
	}
	return sets
}

func liquibaseXML(f file, content []byte) []file {
	var sets []file
	decoder := xml.NewDecoder(bytes.NewReader(content))
	for {
		token, err := decoder.Token()
		if err != nil { // the end, or no XML
			return sets
		}
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local != "changeSet" {
			continue
		}
		values := map[string]string{}
		for _, a := range element.Attr {
			values[a.Name.Local] = a.Value
		}
		sets = append(sets, f.set(values["id"], values["author"]))
	}
}

// set is a change set of the file.
func (f file) set(id, author string) file {
	f.version = f.path + "::" + id + "::" + author
	return f
}

// compareLiquibase leaves out change sets of files that are not read here.
func compareLiquibase(t *tool, f facts, all []file) difference {
	read := map[string]bool{}
	for _, one := range all {
		read[path.Base(one.path)] = true
	}
	f = f.only(func(r revision) bool {
		name, _, _ := strings.Cut(r.version, "::")
		return read[path.Base(name)]
	})
	d := compareSets(t, f, all)
	d.late = -1 // their order is not that of their names
	return d
}
