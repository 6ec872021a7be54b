// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// drizzle is Drizzle: a row for each applied migration. What the table calls
// created_at is when the migration was written, by which the tool knows it.
func drizzle() *tool {
	return &tool{
		name:    "drizzle",
		table:   "__drizzle_migrations",
		columns: []string{"id", "hash", "created_at"},
		rows:    selection{order: "id", version: "created_at"},
		states:  []state{applied},
		files:   files{wanted: drizzleFile, inside: drizzleInside, deep: true},
	}
}

// drizzleFile takes the journal that lists the migrations.
func drizzleFile(name string) (file, bool) { return file{}, name == "meta/_journal.json" }

func drizzleInside(f file, content []byte) ([]file, error) {
	var journal struct {
		Entries []struct {
			When int64
			Tag  string
		}
	}
	if err := json.Unmarshal(content, &journal); err != nil {
		line := 1
		if wrong := new(json.SyntaxError); errors.As(err, &wrong) {
			line += bytes.Count(content[:wrong.Offset], []byte("\n"))
		}
		return nil, fmt.Errorf("line %d: no journal of Drizzle: %w", line, err)
	}
	var all []file
	for _, e := range journal.Entries {
		f.version, f.description = strconv.FormatInt(e.When, 10), e.Tag
		all = append(all, f)
	}
	return all, nil
}
