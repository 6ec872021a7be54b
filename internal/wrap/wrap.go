// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package wrap runs a command for cron, a timer or a pipeline as if it were not there, and reports that it began and how
// it ended. Input, output, signals and exit code are the command's own; a report that cannot be delivered is complained
// about and changes nothing else, because a backup matters more than the news of it.
//
// A wrapper that is killed cannot report. Its run then stays in progress, which is no success, until the next wrapper
// finds its mark in the state folder and reports the run as lost.
package wrap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
)

// The exit codes of the wrapper itself, as timeout(1) and env(1) have them.
const (
	ExitTimeout    = 124
	ExitNotRun     = 126 // found, and not possible to run
	ExitNotFound   = 127
	exitSignalBase = 128 // and the signal's number
)

// Job is a command and what is to be told of it.
type Job struct {
	RunType, Task string
	Command       []string
	Dir           string        // working directory; empty: this process's
	SizeOf        string        // what the command makes, a file or a folder; empty: nothing to measure
	Timeout       time.Duration // 0: none
	Grace         time.Duration // between SIGTERM and SIGKILL after the timeout; 10 s when 0
	Every         time.Duration // how often the task promises to run; 0: no promise

	Stdin, Stdout, Stderr *os.File
	// Complain is told what does not stop the job: reports that failed, a result that is not there.
	Complain func(error)
}

// Reporter takes what is told. A *job.Store is one.
type Reporter interface {
	Report(context.Context, job.Run) (bool, error)
}

// Validate checks what will be told, before the command runs.
func (j *Job) Validate() error {
	run := j.begin(time.Now())
	return run.Validate(time.Now())
}

func (j *Job) begin(now time.Time) job.Run {
	return job.Run{
		ID: rand.Text(), RunType: j.RunType, Task: j.Task, Status: job.Running, Start: now,
		ExpectedIntervalSeconds: j.Every.Seconds(),
	}
}

// Run runs the command to its end and returns the code to exit with.
func (j *Job) Run(ctx context.Context, reporter Reporter) int {
	signals, restore := catch()
	defer restore()
	run := j.begin(time.Now())
	j.report(ctx, reporter, run)
	end := j.execute(signals)
	run.Status, run.End, run.ExitCode = end.status, time.Now(), &end.code
	if run.End.Before(run.Start) { // the clock was set back
		run.End = run.Start
	}
	run.SizeBytes = j.measure(run.Start)
	j.report(ctx, reporter, run)
	return end.code
}

func (j *Job) report(ctx context.Context, reporter Reporter, run job.Run) {
	if _, err := reporter.Report(ctx, run); err != nil {
		j.Complain(fmt.Errorf("this run is not reported as %s: %w", run.Status, err))
	}
}

func (j *Job) measure(since time.Time) *int64 {
	if j.SizeOf == "" {
		return nil
	}
	size, err := sizeOf(j.SizeOf, since)
	if err != nil {
		j.Complain(err)
		return nil
	}
	return &size
}

// ending is how a command ended.
type ending struct {
	status job.Status
	code   int
}

func (j *Job) execute(signals <-chan os.Signal) ending {
	//nolint:noctx // the timeout ends the whole process group, with a grace
	command := exec.Command(j.Command[0], j.Command[1:]...)
	command.Stdin, command.Stdout, command.Stderr, command.Dir = j.Stdin, j.Stdout, j.Stderr, j.Dir
	shares := inForeground()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: !shares}
	if err := command.Start(); err != nil {
		j.Complain(err)
		return ending{job.Failed, startCode(err)}
	}
	c := &child{process: command.Process, shares: shares, done: make(chan struct{})}
	go func() {
		_ = command.Wait() // how it ended is in its state
		close(c.done)
	}()
	interrupted, late := c.accompany(signals, j.Timeout, j.Grace)
	return judge(command.ProcessState, interrupted, late)
}

func startCode(err error) int {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return ExitNotFound
	}
	return ExitNotRun
}

// judge tells what an end means. Who was interrupted and says that all is well has done a part at most.
func judge(state *os.ProcessState, interrupted, late bool) ending {
	code := state.ExitCode()
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = exitSignalBase + int(status.Signal())
	}
	switch {
	case late:
		return ending{job.Timeout, ExitTimeout}
	case code != 0:
		return ending{job.Failed, code}
	case interrupted:
		return ending{job.Partial, code}
	}
	return ending{job.Success, code}
}
