// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/wrap"
)

const runHelp = `Put it before a command in a crontab, a timer or a pipeline:

    0 2 * * *  dbsyncctl run --type backup --task nightly --size-of /backup/erp.sql --expect-every 24h -- /usr/local/bin/backup.sh
    dbsyncctl run --type migration --task erp --timeout 30m -- migrate -path db -database "$DATABASE" up
    dbsyncctl run --type sync --task warehouse --push http://db1.example.com:19104 -- sh -c 'extract | load'

The command does not notice: input, output, signals and exit code are its own. Begin, end, status, duration, exit code and
size show as dbsync_run_* at the exporter, which has to read the same folder (jobs.state_dir) or to take reports
(--web.enable-run-api). A report that fails is complained about on standard error and does not stop the command.

The status is success for exit code 0, failed for another one or a fatal signal, timeout, partial when the command was
asked to end (SIGTERM, SIGINT, SIGHUP, SIGQUIT) and then exited with 0, and lost when dbsyncctl itself was killed: until
the next run from the same folder that shows as one in progress.

Exit status: that of the command; 128 and the number of the signal that killed it; 124 timeout, 126 it could not be run,
127 it was not found. 2: the command line is wrong, and nothing was run.`

// wrapped is `dbsyncctl run`.
type wrapped struct {
	job      wrap.Job
	stateDir string
	push     *url.URL
	token    string
}

func (c *cli) addRun() {
	w := &wrapped{}
	command := c.app.Command("run", "Run a command and report that it began and how it ended.").HelpLong(runHelp)
	command.Flag("type", "The kind of work: backup, migration, sync, restore_test or a word of yours.").
		Required().HintOptions("backup", "migration", "sync", "restore_test").StringVar(&w.job.RunType)
	command.Flag("task", "The job's name, the same each time.").Required().StringVar(&w.job.Task)
	command.Flag("size-of", "Report the size of this file or folder, which the command writes.").PlaceHolder("PATH").StringVar(&w.job.SizeOf)
	durationFlag(command, "timeout", "End the command after this time: SIGTERM, ten seconds later SIGKILL.", &w.job.Timeout)
	durationFlag(command, "expect-every", "Promise to run this often, so that a missing run is noticed.", &w.job.Every)
	command.Flag("state-dir", "Report into this folder on this machine.").
		Default(defaultStateDir).Envar("DBSYNC_STATE_DIR").StringVar(&w.stateDir)
	command.Flag("push", "Report to this exporter instead; its token is taken from the environment variable DBSYNC_RUN_TOKEN or --push.token-file.").
		PlaceHolder("URL").URLVar(&w.push)
	command.Flag("push.token-file", "The file with the exporter's token.").PlaceHolder("FILE").StringVar(&w.token)
	command.Arg("command", "The command and its arguments, after --.").Required().StringsVar(&w.job.Command)
	c.does(command, w.do)
}

// durationFlag is a flag that takes 24h, 90m and, as Prometheus writes them, 1d and 2w.
func durationFlag(command *kingpin.CmdClause, name, help string, into *time.Duration) {
	command.Flag(name, help).PlaceHolder("24h").SetValue((*duration)(into))
}

type duration time.Duration

// Set parses the text of a flag.
func (d *duration) Set(text string) error {
	parsed, err := model.ParseDuration(text)
	*d = duration(parsed)
	return err
}

// String is the text of a flag.
func (d *duration) String() string { return model.Duration(*d).String() }

func (w *wrapped) do(ctx context.Context, std stdio) error {
	w.job.Complain = func(err error) { fmt.Fprintf(std.err, "%s run: %v\n", program, err) }
	if err := w.job.Validate(); err != nil {
		return &exitError{exitUsage, err}
	}
	reporter, err := w.reporter()
	if err != nil {
		return &exitError{exitUsage, err}
	}
	var ok [3]bool
	w.job.Stdin, ok[0] = std.in.(*os.File)
	w.job.Stdout, ok[1] = std.out.(*os.File)
	w.job.Stderr, ok[2] = std.err.(*os.File)
	if ok != [3]bool{true, true, true} {
		return errors.New("run: the command inherits files, and there are none")
	}
	return &exitError{code: w.job.Run(ctx, reporter)}
}

func (w *wrapped) reporter() (wrap.Reporter, error) {
	if w.push == nil {
		return wrap.OpenFolder(w.stateDir), nil
	}
	token := os.Getenv("DBSYNC_RUN_TOKEN")
	if w.token != "" {
		text, err := os.ReadFile(w.token)
		if err != nil {
			return nil, fmt.Errorf("--push.token-file: %w", err)
		}
		token = strings.TrimSpace(string(text))
	}
	return &wrap.Push{URL: w.push.String(), Token: token}, nil
}
