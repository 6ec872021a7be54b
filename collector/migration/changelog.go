// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/collector"
)

// changelog is a file of Liquibase.
type changelog struct {
	logical string // the path that its change sets are known by instead of the file's
	entries []logEntry
	items   int // that were looked at: a list in YAML may be larger than its text
}

type entryKind int

const (
	changeSet entryKind = iota
	include
	includeAll
)

// logEntry is a change set, or names further files.
type logEntry struct {
	kind       entryKind
	line       int
	id, author string
	logical    string
	only       collector.Flavour
	path       string // of an include, as it is written
	relative   bool   // to the file that includes it
	optional   bool
	minDepth   int // of an includeAll
	maxDepth   int
	suffix     string
}

// isChangelog reports whether a file's name is one of a change log.
func isChangelog(name string) bool {
	return slices.Contains([]string{".sql", ".xml", ".yaml", ".yml", ".json"}, strings.ToLower(path.Ext(name)))
}

// parseChangelog reads a file of one of Liquibase's formats. It has no entries when
// it is something else.
func parseChangelog(name string, content []byte) (changelog, error) {
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	switch ext := strings.ToLower(path.Ext(name)); {
	case ext == ".sql":
		return parseFormattedSQL(content)
	case !bytes.Contains(content, []byte("databaseChangeLog")):
		return changelog{}, nil
	case ext == ".xml":
		return parseXMLChangelog(content)
	default: // Liquibase reads JSON as YAML, too
		return parseYAMLChangelog(content)
	}
}

// entry makes an entry of what its element says. false: it never runs here.
func entry(element string, line int, values map[string]string) (logEntry, bool, error) {
	e := logEntry{line: line, logical: values["logicalFilePath"], relative: values["relativeToChangelogFile"] == "true"}
	var missing string
	switch element {
	case "changeSet":
		e.id, e.author = values["id"], values["author"]
		switch {
		case e.id == "":
			missing = "id"
		case e.author == "":
			missing = "author"
		}
	case "include":
		e.kind, e.path, e.optional = include, values["file"], values["errorIfMissing"] == "false"
		if e.path == "" {
			missing = "file"
		}
	case "includeAll":
		e.kind, e.path, e.optional = includeAll, values["path"], values["errorIfMissingOrEmpty"] == "false"
		e.minDepth, e.maxDepth, e.suffix = 1, maxFiles, values["endsWithFilter"]
		for name, depth := range map[string]*int{"minDepth": &e.minDepth, "maxDepth": &e.maxDepth} {
			if text := values[name]; text != "" {
				n, err := strconv.Atoi(text)
				if err != nil {
					return e, false, fmt.Errorf("line %d: %s: %q is no number", line, name, text)
				}
				*depth = n
			}
		}
		switch {
		case e.path == "":
			missing = "path"
		case values["filter"] != "" || values["resourceFilter"] != "":
			return e, false, fmt.Errorf("line %d: includeAll has a filter in Java: what it includes is not known; name the folder instead", line)
		}
	default:
		return e, false, nil
	}
	if missing != "" {
		return e, false, fmt.Errorf("line %d: %s without %s", line, element, missing)
	}
	onMySQL, onMariaDB := runsOn(values["dbms"], "mysql"), runsOn(values["dbms"], "mariadb")
	switch {
	case !onMariaDB:
		e.only = collector.MySQL
	case !onMySQL:
		e.only = collector.MariaDB
	}
	return e, values["ignore"] != "true" && (onMySQL || onMariaDB), nil
}

// runsOn reports whether a list of databases has the one, or does not leave it out
// (DatabaseList.java).
func runsOn(dbms, database string) bool {
	only := false
	for _, one := range strings.Split(strings.ToLower(dbms), ",") {
		switch one = strings.TrimSpace(one); {
		case one == "all" || one == database:
			return true
		case one == "none" || one == "!"+database:
			return false
		case one != "" && !strings.HasPrefix(one, "!"):
			only = true
		}
	}
	return !only
}

// add appends an entry, when it runs here.
func (l *changelog) add(element string, line int, values map[string]string) error {
	e, ours, err := entry(element, line, values)
	if err == nil && ours {
		l.entries = append(l.entries, e)
	}
	if len(l.entries) > maxFiles {
		err = fmt.Errorf("more than %d change sets", maxFiles)
	}
	return err
}

// parseXMLChangelog reads what is directly in databaseChangeLog, or in
// modifyChangeSets.
func parseXMLChangelog(content []byte) (log changelog, err error) {
	decoder := xml.NewDecoder(bytes.NewReader(content))
	decoder.CharsetReader = singleByte
	var above []string
	for {
		token, err := decoder.Token()
		line, _ := decoder.InputPos()
		if errors.Is(err, io.EOF) {
			return log, nil
		}
		if wrong := new(xml.SyntaxError); errors.As(err, &wrong) {
			return log, fmt.Errorf("line %d: no XML: %s", wrong.Line, wrong.Msg)
		}
		if err != nil {
			return log, fmt.Errorf("line %d: no XML: %w", line, err)
		}
		switch element := token.(type) {
		case xml.EndElement:
			above = above[:len(above)-1]
		case xml.StartElement:
			values := map[string]string{}
			for _, a := range element.Attr {
				values[a.Name.Local] = a.Value
			}
			name := element.Name.Local
			switch {
			case len(above) == 0 && name != "databaseChangeLog":
				return changelog{}, nil
			case len(above) == 0:
				log.logical = values["logicalFilePath"]
			case above[len(above)-1] == "databaseChangeLog", above[len(above)-1] == "modifyChangeSets":
				if err := log.add(name, line, values); err != nil {
					return log, err
				}
			}
			above = append(above, name)
		}
	}
}

// singleByte reads Latin-1 and what is a part of it.
func singleByte(charset string, input io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "us-ascii", "ascii", "iso-8859-1", "latin1":
	default:
		return nil, fmt.Errorf("the encoding %q cannot be read: use UTF-8", charset)
	}
	text, err := io.ReadAll(input)
	runes := make([]rune, len(text))
	for i, b := range text {
		runes[i] = rune(b)
	}
	return strings.NewReader(string(runes)), err
}

// yamlLine is where the parser tells the line.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// parseYAMLChangelog reads YAML and JSON: a list under databaseChangeLog, of which
// each item has one key.
func parseYAMLChangelog(content []byte) (changelog, error) {
	var log changelog
	var root yaml.Node
	if err := yaml.Unmarshal(content, &root); err != nil {
		line, text := "1", err.Error()
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			text = strings.TrimPrefix(text, m[0])
			if m[1] != "" {
				line = m[1]
			}
		}
		return log, fmt.Errorf("line %s: no YAML: %s", line, text)
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return log, nil
	}
	for key, value := range pairs(root.Content[0]) {
		if key.Value == "databaseChangeLog" {
			if err := log.list(value, 0); err != nil {
				return log, err
			}
		}
	}
	return log, nil
}

const maxItems = 1_000_000

// list adds what a list says, or a mapping in its place.
func (l *changelog) list(list *yaml.Node, depth int) error {
	if l.items++; l.items > maxItems {
		return fmt.Errorf("line %d: more than %d items", list.Line, maxItems)
	}
	const deepest = 3 // modifyChangeSets, its list and an item
	if depth > deepest {
		return fmt.Errorf("line %d: too deep", list.Line)
	}
	if list.Kind == yaml.SequenceNode {
		for _, item := range list.Content {
			if err := l.list(actual(item), depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	for key, value := range pairs(list) {
		var err error
		switch key.Value {
		case "logicalFilePath":
			l.logical = value.Value
		case "modifyChangeSets":
			err = l.list(value, depth+1)
		case "changeSet", "include", "includeAll":
			if value.Kind != yaml.MappingNode {
				return fmt.Errorf("line %d: %s: want its keys", key.Line, key.Value)
			}
			values := map[string]string{}
			for name, node := range pairs(value) {
				values[name.Value] = javaText(node)
			}
			err = l.add(key.Value, key.Line, values)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pairs are the keys and values of a mapping.
func pairs(mapping *yaml.Node) func(func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if mapping.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i], actual(mapping.Content[i+1])) {
				return
			}
		}
	}
}

// actual is what an alias stands for.
func actual(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// javaText is the text that Java makes of a scalar: 001 is the number 1 to it.
func javaText(node *yaml.Node) string {
	if node.Kind != yaml.ScalarNode {
		return ""
	}
	var i int64
	var x float64
	switch {
	case node.Tag == "!!int" && node.Decode(&i) == nil:
		return strconv.FormatInt(i, 10)
	case node.Tag == "!!float" && node.Decode(&x) == nil && x >= 1e-3 && x < 1e7:
		text := strconv.FormatFloat(x, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	}
	return node.Value
}

var (
	// AbstractFormattedChangeLogParser.java.
	liquibaseFormatted = regexp.MustCompile(`(?i)^\s*--\s*liquibase\s*formatted[^\n]*`)
	liquibaseChangeSet = regexp.MustCompile(`(?i)^\s*--\s*changeset\s+("[^"]+"|[^:]+):\s*("[^"]+"|\S+)(.*)$`)
	liquibaseAlmost    = regexp.MustCompile(`(?i)^\s*--\s*changeset\b`)
	liquibaseAttribute = regexp.MustCompile(`\b(logicalFilePath|dbms|ignore):("[^"]*"|\S+)`)
)

// parseFormattedSQL reads formatted SQL; of SQL without the first line it has no
// entry.
func parseFormattedSQL(content []byte) (log changelog, err error) {
	head := liquibaseFormatted.Find(content)
	if head == nil {
		return log, nil
	}
	log.logical = liquibaseAttributes(string(head))["logicalFilePath"]
	number := 0
	for line := range bytes.Lines(content) {
		number++
		if !liquibaseAlmost.Match(line) {
			continue
		}
		m := liquibaseChangeSet.FindStringSubmatch(strings.TrimRight(string(line), "\r\n"))
		if m == nil {
			return log, fmt.Errorf("line %d: a changeset without author:id", number)
		}
		values := liquibaseAttributes(m[3])
		values["author"], values["id"] = strings.Trim(m[1], `"`), strings.Trim(m[2], `"`)
		if err := log.add("changeSet", number, values); err != nil {
			return log, err
		}
	}
	return log, nil
}

func liquibaseAttributes(text string) map[string]string {
	values := map[string]string{}
	for _, m := range liquibaseAttribute.FindAllStringSubmatch(text, -1) {
		values[m[1]] = strings.Trim(m[2], `"`)
	}
	return values
}
