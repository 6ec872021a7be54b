// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/alecthomas/units"

	"github.com/easy-erp/dbsync/collector/backup"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/internal/exporter"
	"github.com/easy-erp/dbsync/internal/restore"
)

const restoreHelp = `The newest successful backup is restored into a throw-away server of the same series, and every table of it is read:

    dbsyncctl backup restore-test nightly
    dbsyncctl backup restore-test nightly --live --tolerance 5%
    dbsyncctl backup restore-test nightly --run nightly-20261124.sql.gz --json

The server is one that is installed here, or that of --mysqld. It has a data folder of its own below --temp-dir, no network
and no login of the live one, and goes at the end together with all its files; what a killed test left is removed by the next.
Methods: mysqldump (of MySQL and MariaDB, compressed or not), mydumper, mariadb-backup, xtrabackup with its incrementals.

What is looked at: CHECK TABLE and the number of rows of each table; the numbers that the backup itself has (mydumper); with
--live, tables and numbers of the target; and the checks of the configuration (restore_test.checks).

The verdict is a run of the type restore_test whose task is the backup's name: dbsync_backup_last_restore_test_* show it at
the exporter that has the same state folder, or that of --push.

Exit status: 0 it can be restored, 1 the configuration or the backups could not be read, 2 the command line is wrong,
3 it cannot be restored, 4 that could not be found out.`

// The exit codes of a restore test.
const (
	exitNotRestorable = 3
	exitNotTested     = 4
)

// restoreTest is `dbsyncctl backup restore-test`.
type restoreTest struct {
	of           *ofBackup
	run          string
	options      restore.Options
	tolerance    tolerance
	live         bool
	toleranceSet bool
	liveSet      bool
	memory       units.Base2Bytes
	disk         units.Base2Bytes
	timeout      time.Duration
	stateDir     string
	push         *url.URL
	token        string
	noReporting  bool
}

func (c *cli) addBackupRestoreTest(group *kingpin.CmdClause) {
	command := group.Command("restore-test", "Restore the newest backup into a throw-away server, and tell whether that works.").HelpLong(restoreHelp)
	r := &restoreTest{of: addOfBackup(command)}
	command.Flag("run", "Another backup than the newest: its ID, as list gives it, or the name of its file or folder.").
		PlaceHolder("ID").StringVar(&r.run)
	command.Flag("mysqld", "The program of the server to restore into; the default is to look for one of the backup's series.").
		PlaceHolder("PATH").StringVar(&r.options.Mysqld)
	command.Flag("backup-tool", "The program mariadb-backup or xtrabackup, where one is needed; the default is to look for it.").
		PlaceHolder("PATH").StringVar(&r.options.Tool)
	command.Flag("temp-dir", "The folder for what is restored.").Default(os.TempDir()).StringVar(&r.options.TempDir)
	command.Flag("memory", "What the server's buffers may take.").Default("128MiB").BytesVar(&r.memory)
	command.Flag("disk", "What all of it may take on the disk; the default is all that is free but 256 MiB.").PlaceHolder("SIZE").BytesVar(&r.disk)
	command.Flag("live", "Compare with the target; the default is to do so when the configuration has a restore_test.tolerance.").
		IsSetByUser(&r.liveSet).BoolVar(&r.live)
	command.Flag("tolerance", "How far numbers of rows may lie apart, compared with the target: 5%; the default is that of the configuration, or 5%.").
		PlaceHolder("SHARE").IsSetByUser(&r.toleranceSet).SetValue(&r.tolerance)
	durationFlag(command, "timeout", "Give up after this time.", &r.timeout)
	command.Flag("state-dir", "Report into this folder on this machine; the default is that of the configuration, jobs.state_dir.").
		PlaceHolder("DIR").Envar("DBSYNC_STATE_DIR").StringVar(&r.stateDir)
	command.Flag("push", "Report to this exporter instead; its token is taken from the environment variable DBSYNC_RUN_TOKEN or --push.token-file.").
		PlaceHolder("URL").URLVar(&r.push)
	command.Flag("push.token-file", "The file with the exporter's token.").PlaceHolder("FILE").StringVar(&r.token)
	command.Flag("no-report", "Tell nobody but you.").BoolVar(&r.noReporting)
	c.does(command, r.do)
}

// tolerance is a share such as 5% or 0.05.
type tolerance float64

// Set parses the text of a flag.
func (t *tolerance) Set(text string) error {
	digits, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if percent {
		n /= 100
	}
	if err != nil || !(n >= 0 && n < 1) {
		return errors.New(`want a share such as 5% or 0.05, less than all`)
	}
	*t = tolerance(n)
	return nil
}

// String is the text of a flag.
func (t *tolerance) String() string { return strconv.FormatFloat(float64(*t)*100, 'g', 4, 64) + "%" }

func (r *restoreTest) do(ctx context.Context, std stdio) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if r.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.timeout, errTimeout)
		defer cancel()
	}
	configured, closeServer, err := r.configure()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeServer()) }()
	inspector, closeInspector, err := r.of.open(0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeInspector()) }()
	report, err := r.reporting(std) //nolint:contextcheck // the verdict is told even when the test was interrupted
	if err != nil {
		return &exitError{exitUsage, err}
	}
	verdict, err := r.test(ctx, std, configured, inspector, report)
	if err != nil {
		return &exitError{exitNotTested, fmt.Errorf("backup %s: whether it can be restored could not be found out: %w", configured.Name, err)}
	}
	if *r.of.asJSON {
		err = writeJSON(std.out, verdict)
	} else {
		writeVerdict(std.out, &verdict)
	}
	if err == nil && !verdict.Restorable {
		err = &exitError{code: exitNotRestorable}
	}
	return err
}

var errTimeout = errors.New("it took longer than --timeout")

// configure reads what the configuration says of the test. What comes with it closes the live server.
func (r *restoreTest) configure() (config.Backup, func() error, error) {
	c, err := config.Load(r.of.file, config.Options{Known: exporter.Known()})
	if err != nil {
		return config.Backup{}, nil, err
	}
	configured, server, closeServer, err := exporter.BackupTarget(c, r.of.name)
	if err != nil {
		return configured, nil, err
	}
	r.stateDir = cmp.Or(r.stateDir, c.StateDir())
	const usual = 0.05
	r.options.Tolerance = usual
	switch {
	case r.toleranceSet:
		r.options.Tolerance = float64(r.tolerance)
	case configured.RestoreTolerance > 0:
		r.options.Tolerance = configured.RestoreTolerance
	}
	if r.live || !r.liveSet && configured.RestoreTolerance > 0 {
		r.options.Live = server
	}
	for _, check := range configured.RestoreChecks {
		r.options.Checks = append(r.options.Checks, restore.Check(check))
	}
	r.options.Backup, r.options.Method = configured.Name, configured.Method
	r.options.Memory, r.options.Disk = int64(r.memory), int64(r.disk)
	return configured, closeServer, nil
}

// test tests, and reports that it began and how it ended.
func (r *restoreTest) test(
	ctx context.Context, std stdio, configured config.Backup, inspector *backup.Inspector, report func(job.Run),
) (verdict restore.Verdict, err error) {
	run := job.Run{ID: rand.Text(), RunType: "restore_test", Task: configured.Name, Status: job.Running, Start: time.Now()}
	report(run)
	defer func() {
		run.Status, run.End, run.Values = statusOf(ctx, &verdict, err), time.Now(), verdict.Values()
		if run.End.Before(run.Start) { // the clock was set back
			run.End = run.Start
		}
		if verdict.Bytes > 0 {
			run.SizeBytes = &verdict.Bytes
		}
		report(run)
	}()
	bar := newBar(std.err)
	defer func() { bar.end() }()
	r.options.Step = func(what string) {
		bar.end()
		bar = newBar(std.err)
		bar.step(what)
	}
	r.options.Step("read the backup")
	r.options.Chain, err = inspector.Chain(ctx, r.run, func(read, all int64) { bar.at(read, all) })
	if errors.Is(err, backup.ErrChainBroken) { // what is wrong with the backup is its verdict
		verdict = restore.Broken(configured.Name, configured.Method, err)
		return verdict, nil
	}
	if err != nil {
		return verdict, because(ctx, err)
	}
	r.options.Progress = func(done, all int64) { bar.at(done, all) }
	return restore.Run(ctx, r.options)
}

// because gives what ended the context in place of what came of that.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// statusOf is how the test ended, as a run.
func statusOf(ctx context.Context, verdict *restore.Verdict, err error) job.Status {
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		return job.Timeout
	case err != nil: // it is not known
		return job.Partial
	case !verdict.Restorable:
		return job.Failed
	}
	return job.Success
}

// reporting gives what tells of the run. That it cannot be told does not stop the test.
func (r *restoreTest) reporting(std stdio) (func(job.Run), error) {
	if r.noReporting {
		return func(job.Run) {}, nil
	}
	to, err := (&wrapped{stateDir: r.stateDir, push: r.push, token: r.token}).reporter()
	if err != nil {
		return nil, err
	}
	return func(run job.Run) {
		// Not bounded by the test's own end: that is what has to be told.
		if _, err := to.Report(context.Background(), run); err != nil {
			fmt.Fprintf(std.err, "%s: this run is not reported as %s: %v\n", program, run.Status, err)
		}
	}, nil
}

// writeVerdict writes it for people.
func writeVerdict(w io.Writer, v *restore.Verdict) {
	word := "RESTORABLE"
	if !v.Restorable {
		word = "NOT RESTORABLE"
	}
	fmt.Fprintf(w, "%s: backup %s", word, v.Backup)
	if len(v.Restored) > 0 {
		fmt.Fprintf(w, ", %s", v.Restored[len(v.Restored)-1])
	}
	if len(v.Restored) > 1 {
		var names []string
		for _, id := range v.Restored[:len(v.Restored)-1] {
			names = append(names, filepath.Base(id))
		}
		fmt.Fprintf(w, " on top of %s", strings.Join(names, ", "))
	}
	fmt.Fprintln(w)
	if v.Server != "" {
		fmt.Fprintf(w, "  into %s: %d tables, %d rows, %s, restored in %s, checked in %s\n", v.Server, v.Tables, v.Rows,
			bytesOf(v.Bytes), seconds(v.RestoreSeconds), seconds(v.CheckSeconds))
	}
	for _, p := range v.Problems {
		fmt.Fprintf(w, "  %s: %s\n", strings.ReplaceAll(string(p.Kind), "_", " "), p.Error())
	}
	for _, n := range v.Notes {
		fmt.Fprintf(w, "  note: %s\n", n)
	}
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Millisecond).String()
}
