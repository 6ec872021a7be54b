// SPDX-License-Identifier: Apache-2.0

package migration

import "time"

// state is the value of the label state of dbsync_migration_revisions.
type state string

// The states of a revision. Which of them a history shows depends on its tool.
const (
	applied    state = "applied"
	failed     state = "failed"
	dirty      state = "dirty"
	running    state = "running"
	rolledBack state = "rolled_back"
	pending    state = "pending"
	missing    state = "missing"
	changed    state = "changed"
)

// revision is a row of a history: one run of one migration.
type revision struct {
	order       int64  // grows with each row
	version     string // empty: a migration without one, known by its description
	description string
	kind        string // the tool's word
	good        bool   // it ran to its end
	ended       float64
	took        float64 // seconds
	checksum    *int32  // nil: not recorded
}

// facts are what a history says, in terms that all tools share.
type facts struct {
	// version is the current one; empty: there is none.
	version, description string
	// states counts the revisions in the states that the table itself shows.
	states map[state]int
	// unfinished is the number of migrations that are running or have failed.
	unfinished int
	// last is the newest revision that was applied. nil: none, or unknown.
	last *revision
	// runs are the ends of runs, of tools that record them, in any order.
	runs []run
}

// run is a run of a migration that has ended.
type run struct {
	ended  float64 // Unix time
	status string  // success or failed
}

// file is a migration file.
type file struct {
	name        string
	version     string // empty: a migration that is run again when it changed
	description string
	checksum    *int32 // nil: the tool records none, or the file cannot be read as text
	written     time.Time
	created     time.Time // when it was authored, by its name; zero: the name does not say
}

// born is when the file was authored: by its name, or else by its modification
// time where that means something: image builders set it to the epoch.
func (f file) born() (time.Time, bool) {
	if !f.created.IsZero() {
		return f.created, true
	}
	return f.written, f.written.Year() >= 2000
}

// difference is how the files of a folder differ from what was applied.
type difference struct {
	pending []file
	missing int // revisions that were applied and have no file
	changed int // files that are not what was applied; -1: the tool cannot tell
}
