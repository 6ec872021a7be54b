// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/alecthomas/kingpin/v2"
)

const checkHelp = `Each one reads files as the program will that they are for, and connects to nothing; what is wrong is told with file,
line, key and remedy, all of it at once. But drift compares two database servers.

Exit status: 0 all is right, 1 something is not, 2 the command line is wrong.`

func (c *cli) addCheck() {
	group := c.app.Command("check", "Check configuration before it is used.").HelpLong(checkHelp)
	c.addCheckConfig(group)
	c.addCheckRules(group)
	c.addCheckAlertmanager(group)
	c.addCheckDrift(group)
}

// filesArg is the argument of a check.
func filesArg(command *kingpin.CmdClause) *[]string {
	return command.Arg("file", "The files.").Required().ExistingFiles()
}

// checkEach checks files and tells of each; what it returns has been said then.
func checkEach(files []string, std stdio, check func(path string) (summary string, err error)) error {
	failed := false
	for _, path := range files {
		summary, err := check(path)
		if err != nil {
			failed = true
			fmt.Fprintf(std.err, "%v\n", err)
			continue
		}
		fmt.Fprintf(std.out, "%s: valid, %s\n", path, summary)
	}
	if failed {
		return &exitError{code: exitFailure}
	}
	return nil
}

// located is an error of a file, each of its lines with the file's name.
func located(path string, errs ...error) error {
	var all []error
	for _, err := range errs {
		all = append(all, fmt.Errorf("%s: %w", path, err))
	}
	return errors.Join(all...)
}
