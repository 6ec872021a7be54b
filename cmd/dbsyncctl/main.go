// SPDX-License-Identifier: Apache-2.0

// Command dbsyncctl is what an operator or a pipeline types: start the whole system on this machine, run and report a
// job, check and render configuration, ask how things are.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr})) }

// The exit codes that all commands share; a command's help names its own beside them.
const (
	exitOK      = 0
	exitFailure = 1 // of what was asked for; the message says what
	exitUsage   = 2 // the command line is wrong
)

// stdio is what a command reads from and writes to.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// exitError ends the program with a code of the command's own. A nil error has nothing to add to what was printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// run is the program; it returns its exit code.
func run(args []string, std stdio) int {
	do, code, err := parse(args, std.out)
	switch {
	case err != nil:
		fmt.Fprintf(std.err, "%s: %v\nTry --help.\n", program, err)
		return exitUsage
	case do == nil:
		return code
	}
	return exitCode(do(context.Background(), std), std.err)
}

// exitCode tells what went wrong.
func exitCode(err error, stderr io.Writer) int {
	var own *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &own):
		if own.err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", program, own.err)
		}
		return own.code
	}
	fmt.Fprintf(stderr, "%s: %v\n", program, err)
	return exitFailure
}
