// SPDX-License-Identifier: Apache-2.0

package job

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"time"
)

// Run is one execution of a task, as it is reported: once when it begins (status
// running), once when it has ended, or only then.
type Run struct {
	// ID identifies the run within its task: a report that is repeated, because
	// its answer was lost, counts once. A UUID, or what the scheduler calls it.
	ID string `json:"id"`
	// RunType is the kind of work: backup, migration, sync, restore_test ...
	RunType string `json:"run_type"`
	// Task is the job's own name.
	Task   string    `json:"task"`
	Status Status    `json:"status"`
	Start  time.Time `json:"start"`
	// End is zero exactly while the run is running.
	End time.Time `json:"end,omitzero"`
	// ExitCode is the program's, where there was one.
	ExitCode *int `json:"exit_code,omitempty"`
	// SizeBytes is the size of what the run made, where it made something.
	SizeBytes *int64 `json:"size_bytes,omitempty"`
	// ExpectedIntervalSeconds promises how often the task runs; 0: no promise.
	ExpectedIntervalSeconds float64 `json:"expected_interval_seconds,omitempty"`
	// Values are figures that the run reports of itself, such as rows copied.
	Values map[string]float64 `json:"values,omitempty"`
}

// Status is the outcome of a run.
type Status string

// The statuses of a run. All but Running are final.
const (
	Success Status = "success"
	Failed  Status = "failed"
	Timeout Status = "timeout" // ended because it took too long
	Partial Status = "partial" // ended with a part of the work done
	Lost    Status = "lost"    // died without a report
	Running Status = "running"
)

// FinalStatuses returns the statuses that a run can end with.
func FinalStatuses() []Status { return []Status{Success, Failed, Timeout, Partial, Lost} }

// Good reports whether the run did all of its work.
func (s Status) Good() bool { return s == Success }

func (s Status) valid() bool {
	switch s {
	case Success, Failed, Timeout, Partial, Lost, Running:
		return true
	}
	return false
}

// FieldError says what is wrong with one field of a run, by its JSON name.
type FieldError struct{ Field, Problem string }

func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// Bounds of what a run may carry: it becomes labels, file names and state.
const (
	maxID     = 128
	maxValues = 20
	// maxAhead is how far the reporter's clock may be ahead of ours. A time from
	// the future would hide for long that a task is overdue.
	maxAhead = 5 * time.Minute
	// maxInterval is as long as any promise can mean something.
	maxInterval = 10 * 366 * 24 * 3600
)

var (
	idPattern      = regexp.MustCompile(`^[!-~]+$`)
	runTypePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)
	taskPattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	valuePattern   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// Validate returns nil, or a [FieldError] for each field that is wrong, joined.
func (r *Run) Validate(now time.Time) error {
	errs := []error{validateTask(r.RunType, r.Task)}
	add := func(wrong bool, field, format string, args ...any) {
		if wrong {
			errs = append(errs, &FieldError{field, fmt.Sprintf(format, args...)})
		}
	}
	add(len(r.ID) > maxID || !idPattern.MatchString(r.ID), "id",
		"want 1 to %d printable ASCII characters without spaces, such as a UUID", maxID)
	add(!r.Status.valid(), "status", "%q: want success, failed, timeout, partial, lost or running", r.Status)
	add(r.Start.IsZero(), "start", "missing: want a time such as 2026-11-24T02:00:00Z")
	add(r.Start.After(now.Add(maxAhead)), "start", "%s is in the future: set the clock of the reporting host", r.Start)
	add(r.Status == Running && !r.End.IsZero(), "end", "a running run has none")
	add(r.Status != Running && r.End.IsZero(), "end", "missing: a run that is not running has ended")
	add(!r.End.IsZero() && r.End.Before(r.Start), "end", "%s is before start", r.End)
	add(r.End.After(now.Add(maxAhead)), "end", "%s is in the future: set the clock of the reporting host", r.End)
	add(r.SizeBytes != nil && *r.SizeBytes < 0, "size_bytes", "negative")
	interval := r.ExpectedIntervalSeconds
	add(!(interval >= 0 && interval <= maxInterval), "expected_interval_seconds", "want 0 to %d", maxInterval)
	add(len(r.Values) > maxValues, "values", "%d values: at most %d are kept", len(r.Values), maxValues)
	for name, value := range r.Values {
		add(!valuePattern.MatchString(name), "values", "name %.70q: want lower case letters, digits and underscores", name)
		add(math.IsNaN(value) || math.IsInf(value, 0), "values", "%s is not a number", name)
	}
	return errors.Join(errs...)
}

// validateTask checks the pair of names that identifies a task. They become a
// file's name, so what they may hold keeps that file in its folder.
func validateTask(runType, task string) error {
	var errs []error
	if !runTypePattern.MatchString(runType) {
		errs = append(errs, &FieldError{"run_type",
			fmt.Sprintf("%.60q: want up to 50 lower case letters, digits and underscores, such as backup", runType)})
	}
	if !taskPattern.MatchString(task) {
		errs = append(errs, &FieldError{"task",
			fmt.Sprintf("%.110q: want up to 100 letters, digits, dots, dashes and underscores", task)})
	}
	return errors.Join(errs...)
}
