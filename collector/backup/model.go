// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"fmt"
	"time"
)

// Run is one backup: an attempt to make it, and what came of it.
type Run struct {
	// ID identifies it within its backup: a path, a UUID.
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Start and End are zero when they are not known; End also while it runs.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	// Status is empty while too little of it was read to judge it.
	Status Status `json:"status,omitempty"`
	// Size is the size of the content before any compression, Stored what it takes
	// where it is kept, both in bytes; 0: not known.
	Size   int64 `json:"size_bytes,omitempty"`
	Stored int64 `json:"stored_bytes,omitempty"`
	// Gone says that it was made and is not there, as far as is known.
	Gone bool `json:"gone,omitempty"`
	// Level is how far it was checked, Verified when it was last read whole for
	// that; zero: never.
	Level    Level     `json:"level"`
	Verified time.Time `json:"verified,omitzero"`
	// Evidence says in a few words what the status rests on.
	Evidence string `json:"evidence"`
	// Link is its place among the backups that build on each other.
	Link Link `json:"link,omitzero"`
	// Position is where in the binary log it was taken.
	Position Position `json:"position,omitzero"`
}

// last is when the run ended, or began if it goes on.
func (r Run) last() time.Time {
	if r.End.IsZero() {
		return r.Start
	}
	return r.End
}

// Kind says what a backup holds.
type Kind string

// The kinds of backups.
const (
	Full        Kind = "full"
	Incremental Kind = "incremental" // what changed since another one
)

// Status is the outcome of a run.
type Status string

// The statuses of a run. All but Running are final.
const (
	Success Status = "success"
	Failed  Status = "failed"
	Timeout Status = "timeout" // ended because it took too long
	Partial Status = "partial" // ended, or was given up, with a part of the work done
	Lost    Status = "lost"    // died without a report
	Running Status = "running"
)

// Ended reports whether the run is over, as far as is known.
func (s Status) Ended() bool { return s != "" && s != Running }

// Level is how far a backup was checked. Each includes those before it.
type Level int

// The rungs of the verification ladder.
const (
	Exists    Level = iota // it is there
	Plausible              // it is not empty and looks like what it should be
	Complete               // its maker's last mark is there, and nothing that it lists is missing
	Stream                 // all of it was read, and its streams' checksums match
	Checksum               // the checksums that its maker left match
)

// Levels returns the names of the levels, from the lowest on.
func Levels() []string { return []string{"exists", "plausible", "complete", "stream", "checksum"} }

// String returns the level's name.
func (l Level) String() string { return Levels()[l] }

// MarshalText returns the level's name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText takes the name of a level.
func (l *Level) UnmarshalText(text []byte) error {
	level, ok := ParseLevel(string(text))
	if !ok {
		return fmt.Errorf("%q is no level of verification", text)
	}
	*l = level
	return nil
}

// ParseLevel returns the level of that name.
func ParseLevel(name string) (Level, bool) {
	for l, known := range Levels() {
		if known == name {
			return Level(l), true
		}
	}
	return 0, false
}

// Link says what a backup builds on, by log sequence numbers of InnoDB or by
// names. A full backup has only its end.
type Link struct {
	// Log sequence numbers; To 0: not known.
	From uint64 `json:"from_lsn,omitempty"`
	To   uint64 `json:"to_lsn,omitempty"`
	// The names of itself and of what it builds on; empty: not known.
	Name string `json:"name,omitempty"`
	Base string `json:"base,omitempty"`
}

// follows reports whether a backup with this link can be restored on top of one
// with the other.
func (l Link) follows(base Link) bool {
	if l.Base != "" {
		return l.Base == base.Name
	}
	return base.To != 0 && l.From == base.To
}

// Position is a place in a server's binary log: what a restored backup must be
// given from there on to reach a later moment.
type Position struct {
	File string `json:"file,omitempty"` // empty: not known
	Pos  uint64 `json:"pos,omitempty"`
	// GTID is the set of transactions that it holds; empty: not known.
	GTID string `json:"gtid,omitempty"`
}
