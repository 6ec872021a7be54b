// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/hang"
)

const (
	maxRunBody = 64 << 10 // bytes
	// maxRunWrites bounds the reports in progress: each waits for the disk.
	maxRunWrites = 8
	// runTimeout bounds one request: the lock of the folder is waited for, and so
	// is the disk.
	runTimeout = 10 * time.Second
)

// runList is the answer of GET /api/v1/runs.
type runList struct {
	Tasks []job.Task `json:"tasks"`
	// Warnings say what could not be read; the tasks are those known without it.
	Warnings []string `json:"warnings,omitempty"`
}

// runAnswer is the answer of POST /api/v1/runs.
type runAnswer struct {
	// Recorded is false when the report said nothing new.
	Recorded bool `json:"recorded"`
}

// listRuns serves what jobs have reported lately.
func (e *Exporter) listRuns(w http.ResponseWriter, r *http.Request) error {
	runType, task, err := runQuery(r.URL.Query())
	if err != nil {
		return err
	}
	store, err := e.runs()
	if err != nil {
		return err
	}
	list := runList{Tasks: []job.Task{}}
	if err := e.refreshRuns(r.Context(), store); err != nil {
		list.Warnings = []string{err.Error()}
	}
	for _, t := range store.List() {
		if (runType == "" || t.RunType == runType) && (task == "" || t.Name == task) {
			t.Ended, t.Seen = nil, nil // the store's own
			list.Tasks = append(list.Tasks, t)
		}
	}
	return writeJSON(w, http.StatusOK, list)
}

// refreshRuns reads the state folder, which may be on a disk that hangs.
func (e *Exporter) refreshRuns(ctx context.Context, store *job.Store) error {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	_, err := hang.Do(ctx, &e.refreshing, func() (struct{}, error) { return struct{}{}, store.Refresh(ctx) })
	return err
}

// reportRun takes the report of a run.
func (e *Exporter) reportRun(w http.ResponseWriter, r *http.Request) error {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRunBody))
	if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
		return failure(tooLarge, "the report has more than %d bytes", maxRunBody)
	}
	if err != nil {
		return failure(badRequest, "read the report: %w", err)
	}
	run, err := job.Decode(text, e.options.Now())
	if err != nil {
		return failure(badRequest, "%w", err)
	}
	var news bool
	err = e.writeRuns(r.Context(), func(ctx context.Context, store *job.Store) (err error) {
		news, err = store.Report(ctx, run)
		return err
	})
	switch {
	case errors.As(err, new(*job.FieldError)):
		return failure(badRequest, "%w", err)
	case errors.Is(err, job.ErrTooManyTasks):
		return failure(conflict, "%w", err)
	case err != nil:
		return err
	}
	code := http.StatusOK
	if news {
		code = http.StatusCreated
	}
	return writeJSON(w, code, runAnswer{news})
}

// deleteRuns forgets a task that is retired.
func (e *Exporter) deleteRuns(w http.ResponseWriter, r *http.Request) error {
	runType, task, err := runQuery(r.URL.Query())
	if err == nil && (runType == "" || task == "") {
		err = failure(badRequest, "say which task is retired, with ?run_type= and &task=")
	}
	if err != nil {
		return err
	}
	err = e.writeRuns(r.Context(), func(ctx context.Context, store *job.Store) error {
		return store.Delete(ctx, runType, task)
	})
	switch {
	case errors.As(err, new(*job.FieldError)):
		return failure(badRequest, "%w", err)
	case errors.Is(err, job.ErrNotFound):
		return failure(notFound, "%w", err)
	case err != nil:
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// writeRuns changes the store, within a bound and with few others at a time.
func (e *Exporter) writeRuns(ctx context.Context, change func(context.Context, *job.Store) error) error {
	store, err := e.runs()
	if err != nil {
		return err
	}
	select {
	case e.runWrites <- struct{}{}:
		defer func() { <-e.runWrites }()
	default:
		return failure(unavailable, "%d reports wait for the state folder: try again later", maxRunWrites)
	}
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	return change(ctx, store)
}

// runs returns the store of the generation in force.
func (e *Exporter) runs() (*job.Store, error) {
	g, err := e.generation()
	if err != nil {
		return nil, err
	}
	return g.runs, nil
}

// runQuery reads the parameters that select a task.
func runQuery(query url.Values) (runType, task string, err error) {
	for name := range query {
		if !slices.Contains([]string{"run_type", "task"}, name) {
			return "", "", failure(badRequest, "unknown parameter %q: there are run_type and task", name)
		}
	}
	return query.Get("run_type"), query.Get("task"), nil
}

// writeJSON answers with JSON. A client that went away is no failure.
func writeJSON(w http.ResponseWriter, code int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = w.Write(append(text, '\n'))
	return nil
}
