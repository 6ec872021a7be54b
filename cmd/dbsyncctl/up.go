// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/internal/provision"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/stack"
	"github.com/easy-erp/dbsync/internal/stack/view"
)

const upHelp = `Without a DSN it starts a MariaDB of its own with the database of a small company: migrations by golang-migrate, dumps
by mariadb-dump, light traffic. With one it watches that server, reads only, and breaks nothing:

    dbsyncctl up --dsn 'dbsync:secret@tcp(db.example.com:3306)/?tls=true'
    DBSYNC_DSN='dbsync:secret@unix(/run/mysqld/mysqld.sock)/' dbsyncctl up

Prometheus and Alertmanager run with the files that "dbsyncctl pack export" writes; only addresses and waits are other
values. Mail, Slack messages and webhooks arrive on this machine and are shown.

Programs are taken from PATH, else from packages of Debian or Ubuntu that are unpacked into the cache folder; nothing is
installed and no service starts. Grafana is started where it is installed.

On a terminal there is one screen with keys to break and heal; else a line per event. Ctrl-C ends everything and removes
every file, but for the folder that --dir names.

What can be broken:
`

// up is `dbsyncctl up`.
type up struct {
	dsn      string
	dir      string
	offset   int
	pace     float64
	faults   []string
	download bool
	plain    bool
}

func (c *cli) addUp() {
	u := &up{}
	command := c.app.Command("up", "Start the whole system on this machine, until Ctrl-C.").HelpLong(upHelp + listFaults())
	command.Flag("dsn", "Watch this server instead of one of our own: user:password@tcp(host:port)/. Better in the environment than on the command line, which others can read.").
		Envar("DBSYNC_DSN").StringVar(&u.dsn)
	command.Flag("dir", "Keep configuration, logs and dumps in this folder.").PlaceHolder("DIR").StringVar(&u.dir)
	command.Flag("offset-ports", "Add N to every port: 3306, 9090, 9093, 19104.").PlaceHolder("N").IntVar(&u.offset)
	command.Flag("break", "Break something as soon as all is up; may be repeated.").PlaceHolder("WHAT").HintOptions(faultNames()...).EnumsVar(&u.faults, faultNames()...)
	command.Flag("waits", "Multiplies the waits of rules and routes; 1 is as shipped.").
		Default(fmt.Sprint(stack.DefaultPace)).Float64Var(&u.pace)
	command.Flag("download", "Unpack packages of the distribution when a program is missing.").Default("true").BoolVar(&u.download)
	command.Flag("plain", "A line per event instead of a screen.").BoolVar(&u.plain)
	c.does(command, u.do)
}

func faultNames() []string {
	var names []string
	for _, f := range stack.AllFaults() {
		names = append(names, f.Name)
	}
	return names
}

func listFaults() string {
	var lines []string
	for _, f := range stack.AllFaults() {
		lines = append(lines, fmt.Sprintf("    %-12s %s", f.Name, f.Help))
	}
	return strings.Join(lines, "\n")
}

func (u *up) do(ctx context.Context, std stdio) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // who asks twice does not wait for an orderly end
	options, err := u.options()
	if err != nil {
		return err
	}
	if options.Programs, err = u.programs(ctx, std, options.Server == nil); err != nil {
		return err
	}
	if err := u.sweep(std); err != nil {
		return err
	}
	screen := &view.View{Out: std.out, Pace: u.pace}
	if !u.plain {
		screen.Terminal = view.OpenTerminal(std.in, std.out)
	}
	if screen.Terminal != nil {
		screen.Terminal.Color = os.Getenv("NO_COLOR") == "" // no-color.org
	}
	options.Observe = screen.Observe
	running, err := stack.Start(ctx, options)
	if err != nil {
		return err
	}
	return errors.Join(u.watch(ctx, running, screen), running.Stop())
}

func (u *up) options() (stack.Options, error) {
	options := stack.Options{Dir: u.dir, PortOffset: u.offset, Pace: u.pace}
	if u.pace <= 0 {
		return options, &exitError{exitUsage, errors.New("--waits: want a positive number")}
	}
	if u.dsn == "" {
		return options, nil
	}
	server, err := mysql.ParseDSN(u.dsn)
	if err != nil {
		return options, &exitError{exitUsage, errors.New("--dsn: want user:password@tcp(host:port)/ or user:password@unix(/path)/")}
	}
	if len(u.faults) > 0 {
		return options, &exitError{exitUsage, errors.New("--break: nothing is broken on a server of yours, leave --dsn out")}
	}
	options.Server = server
	return options, nil
}

// programs finds what is to be run, and gets what is missing.
func (u *up) programs(ctx context.Context, std stdio, ownDatabase bool) (stack.Programs, error) {
	programs, err := stack.FindPrograms(stack.Programs{}, ownDatabase)
	packages := provision.Distribution()
	var missing *sandbox.MissingError
	switch {
	case err == nil:
		return programs, packages.Update()
	case !u.download || !errors.As(err, &missing):
		return programs, err
	}
	if err := packages.Ensure(ctx, std.err); err != nil {
		return programs, err
	}
	return stack.FindPrograms(stack.Programs{}, ownDatabase)
}

// sweep removes what a run that was killed has left.
func (u *up) sweep(std stdio) error {
	removed, err := stack.RemoveStale()
	for _, dir := range removed {
		fmt.Fprintln(std.err, "removed what a run that was killed had left:", dir)
	}
	return err
}

// watch shows the running stack until it is to end or a part of it has ended.
func (u *up) watch(ctx context.Context, running *stack.Stack, screen *view.View) error {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error)
	go func() {
		defer cancel()
		ended <- u.breakAndWait(ctx, running)
	}()
	shown := make(chan error, 1)
	go func() { shown <- screen.Show(ctx, running) }()
	select {
	case err := <-ended:
		cancel()
		return errors.Join(err, <-shown)
	case err := <-shown:
		cancel()
		return errors.Join(err, <-ended)
	}
}

// breakAndWait breaks what was asked for, and returns when the stack is to end or a part of it has ended by itself.
func (u *up) breakAndWait(ctx context.Context, running *stack.Stack) error {
	for _, name := range u.faults {
		if err := running.Break(ctx, name); err != nil && ctx.Err() == nil {
			return err
		}
	}
	select {
	case err := <-running.Failed():
		return err
	case <-ctx.Done():
		return nil
	}
}
