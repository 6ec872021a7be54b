// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"maps"
	"sync"
)

// Run is one execution of a task. It is safe for concurrent use.
type Run struct {
	client *Client

	mu       sync.Mutex
	report   report
	finished bool
}

// ErrFinished says that the run was reported as ended before.
var ErrFinished = errors.New("dbsync client: the run has finished")

// Value keeps a figure that the run reports of itself, such as rows_copied: lower
// case letters, digits and underscores. Finish reports the last one of each name,
// of at most 20.
func (r *Run) Value(name string, value float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	values := maps.Clone(r.report.Values) // a report may be on its way
	if values == nil {
		values = map[string]float64{}
	}
	values[name] = value
	r.report.Values = values
}

// Size keeps how many bytes the run made.
func (r *Run) Size(bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.SizeBytes = &bytes
}

// ExitCode keeps the exit code of the program that did the work.
func (r *Run) ExitCode(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.ExitCode = &code
}

// Finish reports that the run has ended. It takes at most ten seconds, and works
// when ctx has ended already. After an error it can be called again, which reports
// the same end.
func (r *Run) Finish(ctx context.Context, status Status) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finished {
		return ErrFinished
	}
	if r.report.End == nil {
		now := r.client.now()
		r.report.End = &now
	}
	r.report.Status = status
	err := r.client.send(ctx, r.report)
	r.finished = err == nil
	return err
}
