// SPDX-License-Identifier: Apache-2.0

// Command dbsync_exporter exports the state of migrations and backups, and the
// health of MySQL and MariaDB servers, to Prometheus.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"github.com/easy-erp/dbsync/internal/exporter"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // of what was asked for; the message says what
	exitUsage   = 2 // a flag is wrong
)

// run is the program; it returns its exit code.
func run(args []string, stdout, stderr io.Writer) int {
	f, code, err := parse(args, stdout)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "%s: %v\nTry --help.\n", program, err)
		return exitUsage
	case f == nil:
		return code
	}
	if err := f.do(stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return exitFailure
	}
	return exitOK
}

// do does what the flags ask for.
func (f *flags) do(stdout, stderr io.Writer) error {
	f.log.Writer = stderr
	switch {
	case f.healthcheck:
		return healthcheck(f.web)
	case f.configCheck:
		return f.check(stdout)
	}
	return f.serve()
}

// check validates everything that is read at the start.
func (f *flags) check(stdout io.Writer) error {
	if err := errors.Join(web.Validate(*f.web.WebConfigFile), exporter.Check(f.options())); err != nil {
		return err
	}
	_, err := fmt.Fprintln(stdout, "The configuration is valid.")
	return err
}

// serve runs the daemon until SIGINT or SIGTERM; SIGHUP reloads.
func (f *flags) serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	f.tune()

	options := f.options()
	options.Logger = promslog.New(&f.log)
	reload := make(chan struct{})
	options.Reload = reload
	go relay(ctx, hangups, reload)
	options.Logger.Info("starting "+program, "version", version.Info(), "build", version.BuildContext())
	if os.Geteuid() == 0 {
		options.Logger.Warn("running as root: the exporter needs no privileges, give it an account of its own")
	}
	e, err := exporter.New(options)
	if err != nil {
		return err
	}
	return e.Run(ctx)
}

// gcPercent lets the heap grow by half of what is in use before it is collected. On
// one processor that costs no measurable time, and saves a third of the private
// memory.
const gcPercent = 50

// tune keeps the daemon small beside what it monitors. GOGC wins over what is right
// for most.
func (f *flags) tune() {
	runtime.GOMAXPROCS(f.maxProcs)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// relay turns signals into requests for a reload.
func relay(ctx context.Context, signals <-chan os.Signal, reload chan<- struct{}) {
	for {
		select {
		case <-signals:
			select {
			case reload <- struct{}{}:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
