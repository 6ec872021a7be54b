// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/collector/migration/release"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestPushedListIsWhatTheSchemaShouldHave: what a release pushed and is not applied is pending, with the checksums of the
// files where they were read, and since when is told, so that a list that nobody renews is seen.
func TestPushedListIsWhatTheSchemaShouldHave(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		schema, folder, state := server.Schema(t), t.TempDir(), t.TempDir()
		r := recordedHistories()[0] // Flyway's
		for _, statement := range r.sql {
			server.Exec(t, strings.ReplaceAll(statement, "{s}", schema))
		}
		store := release.New(state)
		m := watch(t, server, migration.Options{
			Histories: []migration.History{{Schema: schema, Tool: "flyway", Revisions: "shop"}}, Lists: store,
		}, documented(server, schema)...)
		base := runs(3, "history_visible 1", "info code 2.1 1", "lock_held 0", "revisions applied 3", "revisions failed 0",
			"revisions rolled_back 0", "revisions running 0", "last_duration_seconds", "recent_runs failed 24h 0", "recent_runs failed 7d 0")
		s := m.scrape()
		m.expect(s, schema, base...) // nothing was pushed: what is pending is not known
		if s[`source_success{collector="migration.files",source="`+schema+`.flyway_schema_history"}`] != 0 {
			t.Error("a list that is not there shows nowhere")
		}
		pushed := time.Now().Add(-48 * time.Hour)
		names := release.List{Files: []release.File{{Path: "V2__digits.sql"}, {Path: "R__views.sql"}, {Path: "more/V10__new.sql"}, {Path: "notes.md"}}}
		if _, err := store.Put("shop", names, pushed); err != nil {
			t.Fatal(err)
		}
		with := func(more ...string) []string {
			return append(append([]string{"revisions missing 0", "revisions_pushed_timestamp_seconds"}, base...), more...)
		}
		s = m.scrape()
		m.expect(s, schema, with("revisions pending 1", "revisions changed 0", "files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds")...)
		if got := s.of(schema)["revisions_pushed_timestamp_seconds"]; got != float64(pushed.Unix()) {
			t.Errorf("pushed at %v, want %v", got, pushed.Unix())
		}
		// The file was there before a checkout of today: what counts is when it was pushed first.
		for name, content := range map[string]string{"V2__digits.sql": "12345678", "R__views.sql": "123456789", "V10__new.sql": lines} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		read, err := migration.ReadRelease("flyway", folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := migration.CheckRelease("flyway", read); err != nil {
			t.Error(err)
		}
		for _, at := range []time.Time{pushed, time.Now()} {
			if _, err := store.Put("shop", read, at); err != nil {
				t.Fatal(err)
			}
		}
		s = m.scrape()
		m.expect(s, schema, with("revisions pending 1", "revisions changed 1", "files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds")...)
		if got := s.of(schema)["oldest_pending_timestamp_seconds"]; got != float64(pushed.Unix()) {
			t.Errorf("the oldest pending is of %v, want %v", got, pushed.Unix())
		}
		if got := s.of(schema)["revisions_pushed_timestamp_seconds"]; got < float64(time.Now().Add(-time.Minute).Unix()) {
			t.Errorf("pushed at %v", got)
		}
	})
}

// TestReleasesOfEveryToolAreRead: what is pushed of a folder is compared as the folder itself.
func TestReleasesOfEveryToolAreRead(t *testing.T) {
	for _, r := range recordedHistories() {
		if len(r.files) == 0 {
			continue
		}
		folder := t.TempDir()
		for name, content := range r.files {
			path := filepath.Join(folder, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l, err := migration.ReadRelease(r.tool, folder)
		if err != nil {
			t.Errorf("%s: %v", r.tool, err)
			continue
		}
		if err := migration.CheckRelease(r.tool, l); err != nil {
			t.Errorf("%s: %v", r.tool, err)
		}
		for _, f := range l.Files {
			if f.Version == "" && !f.Repeatable || f.Path == "" {
				t.Errorf("%s: %+v", r.tool, f)
			}
		}
	}
	for tool, want := range map[string]string{"vitess": `"vitess" cannot be read: want one of alembic, atlas`, "flyway": "has no migration file of flyway"} {
		if _, err := migration.ReadRelease(tool, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", tool, err)
		}
	}
}
