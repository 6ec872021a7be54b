// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Options say where reports go. Give StateDir or URL.
type Options struct {
	// StateDir is the exporter's jobs.state_dir, for programs on the same host.
	StateDir string

	// URL is the exporter's, such as http://db1:19104. An account of its
	// --web.config.file is written into it: https://user:password@db1:19104.
	URL string
	// TokenFile holds the token of the exporter's --web.run-token-file. It is read
	// at each report.
	TokenFile string
	// HTTPClient replaces the client of the reports, for TLS of one's own. Redirects
	// are not followed whatever it says: the token is for one server.
	HTTPClient *http.Client
}

// Task names what runs again and again.
type Task struct {
	// RunType is the kind of work: backup, migration, sync, restore_test, or
	// another word of lower case letters, digits and underscores.
	RunType string
	// Name is the job's own: letters, digits, dots, dashes and underscores.
	Name string
	// ExpectedInterval promises how often it runs; 0 makes no promise.
	ExpectedInterval time.Duration
}

// Status is how a run ended.
type Status string

// The statuses of a run that has ended.
const (
	Success Status = "success"
	Failed  Status = "failed"
	Timeout Status = "timeout" // ended because it took too long
	Partial Status = "partial" // ended with a part of the work done
	Lost    Status = "lost"    // died without a report, says whoever looked after it
)

const running Status = "running"

// ErrPartial, wrapped in an error, makes [Outcome] say Partial.
var ErrPartial = errors.New("a part of the work is done")

// Outcome returns the status that an error means: none is success, a deadline
// that was exceeded is a timeout.
func Outcome(err error) Status {
	switch {
	case err == nil:
		return Success
	case errors.Is(err, ErrPartial):
		return Partial
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	return Failed
}

// Client reports runs. It is safe for concurrent use.
type Client struct {
	deliver  func(context.Context, report) error
	pushList func(ctx context.Context, name string, files []string) error // nil: without a URL
	now      func() time.Time
}

// New returns a client. It reads and connects to nothing yet.
func New(o Options) (*Client, error) {
	c := &Client{now: time.Now}
	switch {
	case (o.StateDir == "") == (o.URL == ""):
		return nil, errors.New("dbsync client: give StateDir or URL")
	case o.StateDir != "":
		c.deliver = folder(o.StateDir).deliver
		return c, nil
	}
	p, err := newPusher(o)
	if err != nil {
		return nil, fmt.Errorf("dbsync client: %w", err)
	}
	c.deliver, c.pushList = p.deliver, p.pushList
	return c, nil
}

// reportTimeout bounds the delivery of one report.
const reportTimeout = 10 * time.Second

// send delivers a report. The end of ctx does not stop it: a run that was
// cancelled is to be reported as well.
func (c *Client) send(ctx context.Context, r report) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("dbsync client: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportTimeout)
	defer cancel()
	if err := c.deliver(ctx, r); err != nil {
		return fmt.Errorf("dbsync client: report %s of %s %s: %w", r.Status, r.RunType, r.Task, err)
	}
	return nil
}

// Start reports that a run begins. The run that it returns can be used even when
// the report failed: Finish reports all of it once more.
func (c *Client) Start(ctx context.Context, t Task) (*Run, error) {
	r := &Run{client: c, report: report{
		ID: rand.Text(), RunType: t.RunType, Task: t.Name, Status: running, Start: c.now(),
		ExpectedIntervalSeconds: t.ExpectedInterval.Seconds(),
	}}
	return r, c.send(ctx, r.report)
}

// Event reports something that happened at this moment and took no time, with
// figures or nil.
func (c *Client) Event(ctx context.Context, t Task, status Status, values map[string]float64) error {
	now := c.now()
	return c.send(ctx, report{
		ID: rand.Text(), RunType: t.RunType, Task: t.Name, Status: status, Start: now, End: &now,
		ExpectedIntervalSeconds: t.ExpectedInterval.Seconds(), Values: values,
	})
}

// Revisions pushes the names of the migration files that a release has, below their
// folder, such as "V1__orders.sql". A history that names the list in
// migrations.histories of the exporter's configuration is compared with the newest
// one: what is in the list and was not applied is pending. It needs the URL:
// where the state folder is, the configuration can name the folder of the files. To
// push the same list again is no harm.
func (c *Client) Revisions(ctx context.Context, name string, files []string) error {
	err := checkList(name, files)
	if err == nil && c.pushList == nil {
		err = errors.New("a list is pushed to a URL: name the folder of the files in the exporter's configuration instead")
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, reportTimeout)
		defer cancel()
		err = c.pushList(ctx, name, files)
	}
	if err != nil {
		return fmt.Errorf("dbsync client: migration files %s: %w", name, err)
	}
	return nil
}
