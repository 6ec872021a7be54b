// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

func (c *cli) addVersion() {
	command := c.app.Command("version", "Say which build this is.")
	asJSON := addJSON(command)
	c.does(command, func(_ context.Context, std stdio) error {
		if !*asJSON {
			_, err := fmt.Fprintln(std.out, version.Print(program))
			return err
		}
		return writeJSON(std.out, map[string]string{
			"version": version.Version, "revision": version.GetRevision(), "branch": version.Branch,
			"build_date": version.BuildDate, "go_version": version.GoVersion, "platform": version.GoOS + "/" + version.GoArch,
		})
	})
}

// flagger is a command or the application, which both take flags.
type flagger interface {
	Flag(name, help string) *kingpin.FlagClause
}

func addJSON(command flagger) *bool {
	return command.Flag("json", "Write JSON, for programs.").Bool()
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
