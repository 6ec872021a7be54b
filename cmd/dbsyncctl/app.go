// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

const program = "dbsyncctl"

// defaultStateDir is what the packages' exporter reads.
const defaultStateDir = "/var/lib/dbsync"

const help = `Starts dbsync, reports jobs to it, checks and renders its configuration, and asks it how things are.

Try it, with nothing but this file and the packages of Debian or Ubuntu:

    dbsyncctl up                     a demo company, its database, and everything that watches it, until Ctrl-C
    dbsyncctl up --break migration   and something to watch

Put it to work:

    dbsyncctl pack export ./pack     the rules, Alertmanager's configuration, the dashboards, as files
    dbsyncctl render --values values.yml ./pack   with your addresses, people and waits
    dbsyncctl run --type backup --task nightly --size-of /backup/erp.sql -- mysqldump ...
    dbsyncctl status                 the health of database, backup and migration

Exit status: 0 done, 1 failed, 2 the command line is wrong; some commands have more, see their help.`

// action is what a command does after its flags were read.
type action func(ctx context.Context, std stdio) error

// cli collects the commands and what they do.
type cli struct {
	app     *kingpin.Application
	actions map[string]action
}

// parse reads the command line. It returns no action when there is nothing left to do, because --help, --version or a
// completion have been answered on stdout, and the exit code for that.
func parse(args []string, stdout io.Writer) (action, int, error) {
	c := &cli{app: kingpin.New(program, help), actions: map[string]action{}}
	ended, code := false, exitOK
	c.app.UsageWriter(stdout).ErrorWriter(stdout)
	c.app.Terminate(func(exit int) {
		ended, code = true, exit
		c.app.UsageWriter(io.Discard) // kingpin goes on where a program would have ended
	})
	c.app.UsageTemplate(usage).Version(version.Print(program)).HelpFlag.Short('h')
	c.addCommands()
	selected, err := c.app.Parse(args)
	switch {
	case ended:
		return nil, code, nil
	case err != nil:
		return nil, exitUsage, err
	}
	return c.actions[selected], exitOK, nil
}

// addCommands is the list of commands, in the order of --help.
func (c *cli) addCommands() {
	c.addUp()
	c.addRun()
	c.addBackup()
	c.addMigration()
	c.addAlert()
	c.addChannel()
	c.addRule()
	c.addServe()
	c.addStatus()
	c.addReport()
	c.addQuery()
	c.addCheck()
	c.addRender()
	c.addPack()
	c.addCompletion()
	c.addVersion()
}

// does says what a command does.
func (c *cli) does(command *kingpin.CmdClause, do action) { c.actions[command.FullCommand()] = do }

// usage is kingpin's own template, but for the help of one command: all of it, as it was written. The list of commands
// has the first line alone.
const usage = `{{define "FormatCommand" -}}
{{if .FlagSummary}} {{.FlagSummary}}{{end -}}
{{range .Args}}{{if not .Hidden}} {{if not .Required}}[{{end}}{{if .PlaceHolder}}{{.PlaceHolder}}{{else}}<{{.Name}}>{{end}}{{if .Value|IsCumulative}}...{{end}}{{if not .Required}}]{{end}}{{end}}{{end -}}
{{end -}}

{{define "FormatCommands" -}}
{{range .FlattenedCommands -}}
{{if not .Hidden -}}
  {{.FullCommand}}{{template "FormatCommand" .}}
{{.Help|Wrap 4}}
{{end -}}
{{end -}}
{{end -}}

{{if .Context.SelectedCommand -}}
usage: {{.App.Name}} {{.Context.SelectedCommand}}{{template "FormatCommand" .Context.SelectedCommand}}{{if .Context.SelectedCommand.Commands}} <command> [<args> ...]{{end}}

{{.Context.SelectedCommand.Help}}
{{if .Context.SelectedCommand.HelpLong}}
{{.Context.SelectedCommand.HelpLong}}
{{end}}
{{else -}}
usage: {{.App.Name}} [<flags>] <command> [<args> ...]

{{.App.Help}}

{{end -}}
{{if .Context.Flags -}}
Flags:
{{.Context.Flags|FlagsToTwoColumns|FormatTwoColumns}}
{{end -}}
{{if .Context.Args -}}
Args:
{{.Context.Args|ArgsToTwoColumns|FormatTwoColumns}}
{{end -}}
{{if .Context.SelectedCommand -}}
{{if .Context.SelectedCommand.Commands -}}
Subcommands:
{{template "FormatCommands" .Context.SelectedCommand}}
{{end -}}
{{else if .App.Commands -}}
Commands:
{{template "FormatCommands" .App}}
{{end -}}
`
