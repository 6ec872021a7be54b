// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"
)

// manual makes a manual page of what kingpin writes: its first request spans
// several lines where the version does, it has no line that apropos reads, and it
// flows the examples of the help texts together.
func manual(name, version string, date time.Time, page []byte) []byte {
	_, body, _ := strings.Cut(string(page), ".SH ")
	var out strings.Builder
	fmt.Fprintf(&out, ".TH %s 1 %s \"dbsync %s\" \"User Commands\"\n", strings.ToUpper(name), date.Format("2006-01-02"), version)
	example := false
	for i, line := range strings.Split(".SH "+strings.TrimRight(body, "\n"), "\n") {
		indented := strings.HasPrefix(line, "    ")
		switch {
		case indented && !example:
			out.WriteString(".RS 4\n.nf\n")
		case !indented && example && line != "":
			out.WriteString(".fi\n.RE\n")
		}
		example = indented || example && line == ""
		if i == 1 {
			line = name + " \\- " + summary(name)
		}
		if indented {
			line = strings.ReplaceAll(line[4:], `\`, `\e`)
		}
		if line == "" && !example {
			line = ".PP"
		}
		if indented && (strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'")) {
			line = `\&` + line
		}
		out.WriteString(strings.ReplaceAll(line, "--", `\-\-`) + "\n")
	}
	if example {
		out.WriteString(".fi\n.RE\n")
	}
	return []byte(out.String())
}

func summary(name string) string {
	if name == "dbsync_exporter" {
		return "exports migrations, backups and health of MySQL and MariaDB to Prometheus"
	}
	return "runs, checks and asks the dbsync monitoring system"
}
