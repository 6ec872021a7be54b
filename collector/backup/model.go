// SPDX-License-Identifier: Apache-2.0

package backup

import "time"

// Run is one backup: an attempt to make it, and what came of it.
type Run struct {
	// ID identifies it within its backup: a path, a UUID.
	ID   string
	Kind Kind
	// Start and End are zero when they are not known; End also while it runs.
	Start, End time.Time
	// Status is empty while too little of it was read to judge it.
	Status Status
	// Size is the size of the content before any compression, Stored what it takes
	// where it is kept, both in bytes; 0: not known.
	Size, Stored int64
	// Evidence says in a few words what the status rests on.
	Evidence string
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
