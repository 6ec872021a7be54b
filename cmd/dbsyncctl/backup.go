// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/alecthomas/units"
	"golang.org/x/term"

	"github.com/easy-erp/dbsync/collector/backup"
	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/internal/exporter"
)

const backupHelp = `It reads the exporter's configuration and looks at a backup as the exporter does, but now and without its bounds:

    dbsyncctl backup list nightly
    dbsyncctl backup verify nightly
    dbsyncctl backup restore-test nightly
    dbsyncctl backup list nightly --json | jq -r '.[] | select(.status == "success") | .id'`

const verifyHelp = `All of the newest backup that has ended is read: its streams are decompressed, their checksums and those that its maker
left are compared. --rate leaves the disk to the database.

Exit status: 0 it is whole, 1 it could not be read, 2 the command line is wrong, 3 it is not whole.`

// exitNotWhole is the exit code of a verification that found something.
const exitNotWhole = 3

// ofBackup is what commands on one backup have in common.
type ofBackup struct {
	file, name string
	asJSON     *bool
}

func (c *cli) addBackup() {
	group := c.app.Command("backup", "List, verify and restore backups.").HelpLong(backupHelp)
	c.addBackupList(group)
	c.addBackupVerify(group)
	c.addBackupRestoreTest(group)
}

func addOfBackup(command *kingpin.CmdClause) *ofBackup {
	o := &ofBackup{asJSON: addJSON(command)}
	command.Flag("config.file", "The exporter's configuration.").
		PlaceHolder("FILE").Default("/etc/dbsync/dbsync.yml").Envar("DBSYNC_CONFIG_FILE").StringVar(&o.file)
	command.Arg("name", "The backup's name in the configuration.").Required().StringVar(&o.name)
	return o
}

// open gives the backup, and what closes its server.
func (o *ofBackup) open(rate int64) (*backup.Inspector, func() error, error) {
	c, err := config.Load(o.file, config.Options{Known: exporter.Known()})
	if err != nil {
		return nil, nil, err
	}
	return exporter.InspectBackup(c, o.name, rate)
}

func (c *cli) addBackupList(group *kingpin.CmdClause) {
	command := group.Command("list", "List what there is of a backup, the newest first.")
	o := addOfBackup(command)
	c.does(command, func(ctx context.Context, std stdio) (err error) {
		inspector, closeServer, err := o.open(0)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, closeServer()) }()
		runs, err := inspector.Runs(ctx)
		switch {
		case err != nil:
			return err
		case *o.asJSON:
			return writeJSON(std.out, runs)
		}
		return writeRuns(std.out, runs)
	})
}

func (c *cli) addBackupVerify(group *kingpin.CmdClause) {
	command := group.Command("verify", "Read the newest backup whole, and tell whether it is whole.").HelpLong(verifyHelp)
	o := addOfBackup(command)
	var rate units.Base2Bytes
	command.Flag("rate", "How much to read per second at most, such as 50MiB.").PlaceHolder("SIZE").BytesVar(&rate)
	c.does(command, func(ctx context.Context, std stdio) (err error) {
		inspector, closeServer, err := o.open(int64(rate))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, closeServer()) }()
		bar := newBar(std.err)
		run, err := inspector.Verify(ctx, bar.at)
		bar.end()
		if err != nil {
			return err
		}
		if *o.asJSON {
			err = writeJSON(std.out, run)
		} else {
			err = writeRuns(std.out, []backup.Run{run})
		}
		if err == nil && run.Status != backup.Success {
			err = &exitError{code: exitNotWhole}
		}
		return err
	})
}

// writeRuns writes runs for people. What is not known is a dash.
func writeRuns(w io.Writer, runs []backup.Run) error {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "STATUS\tKIND\tENDED\tTOOK\tSIZE\tSTORED\tCHECKED\tWHY\tBACKUP")
	for _, r := range runs {
		ended, took := "-", "-"
		if !r.End.IsZero() {
			ended = r.End.Local().Format(time.DateTime)
		}
		if !r.Start.IsZero() && !r.End.IsZero() {
			took = r.End.Sub(r.Start).Round(time.Second).String()
		}
		status := string(r.Status)
		if status == "" {
			status = "not read"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			status, r.Kind, ended, took, bytesOf(r.Size), bytesOf(r.Stored), r.Level, r.Evidence, r.ID)
	}
	return table.Flush()
}

func bytesOf(n int64) string {
	const units = "KMGTP"
	switch {
	case n == 0:
		return "-"
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/(1<<10), 0
	for value >= 1<<10 && unit < len(units)-1 {
		value, unit = value/(1<<10), unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}

// bar shows on a terminal how far something is.
type bar struct {
	w     io.Writer
	shown time.Time
}

func newBar(w io.Writer) *bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{w: w}
}

// at shows the bar anew, a few times a second.
func (b *bar) at(read, all int64) {
	const interval, width = 200 * time.Millisecond, 40
	if b.w == nil || all <= 0 || time.Since(b.shown) < interval {
		return
	}
	b.shown = time.Now()
	part := min(1, float64(read)/float64(all))
	full := int(part * width)
	fmt.Fprintf(b.w, "\r%s%s %3.0f %% of %s", strings.Repeat("█", full), strings.Repeat("░", width-full), 100*part, bytesOf(all))
}

// step says what is done from now on.
func (b *bar) step(what string) {
	if b.w != nil {
		fmt.Fprintf(b.w, "%s ...\n", what)
	}
}

func (b *bar) end() {
	if b.w != nil && !b.shown.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
