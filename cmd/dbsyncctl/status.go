// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/easy-erp/dbsync/internal/status"
)

const statusHelp = `It asks Prometheus for the results of the shipped rules, as the dashboards do:

    dbsyncctl status --prometheus.url http://prometheus.example.com:9090
    dbsyncctl status --json | jq .parts.backup

Exit status: 0 nothing fires, 1 it could not be asked, 2 the command line is wrong, 3 a warning fires, 4 a critical alert
fires, 5 nothing is known.`

// The exit codes of the answer.
const (
	exitWarning  = 3
	exitCritical = 4
	exitUnknown  = 5
)

func (c *cli) addStatus() {
	command := c.app.Command("status", "Tell the health of database, backup and migration, the KPI cards, and what fires.").
		HelpLong(statusHelp)
	server := addPrometheus(command)
	asJSON := addJSON(command)
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		api, err := server.api()
		if err != nil {
			return err
		}
		s, err := status.Read(ctx, api)
		if err != nil {
			return err
		}
		if *asJSON {
			err = writeJSON(std.out, s)
		} else {
			err = writeStatus(std.out, s, time.Now())
		}
		if err != nil {
			return err
		}
		return healthCode(s.Health)
	})
}

// healthCode is the exit code of an answer that was printed.
func healthCode(h status.Health) error {
	switch h {
	case status.OK:
		return nil
	case status.Warning:
		return &exitError{code: exitWarning}
	case status.Critical:
		return &exitError{code: exitCritical}
	}
	return &exitError{code: exitUnknown}
}

// writeStatus writes a status for people. What is not known has no line.
func writeStatus(w io.Writer, s status.Status, now time.Time) error {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "SERVER\tHEALTH\t"+strings.ToUpper(strings.Join(status.Parts(), "\t"))+"\tNEXT MIGRATION")
	row := func(name string, whole status.Health, parts map[string]status.Health, next string) {
		fmt.Fprintf(table, "%s\t%s", name, whole)
		for _, part := range status.Parts() {
			fmt.Fprintf(table, "\t%s", parts[part])
		}
		fmt.Fprintf(table, "\t%s\n", next)
	}
	for _, i := range s.Instances {
		row(i.Name, i.Health, i.Parts, verdict(i.Obstacles))
	}
	row("all", s.Health, s.Parts, "")
	fmt.Fprintln(table)
	for _, card := range status.Cards() {
		if figure, ok := s.KPI[card.Rule]; ok {
			fmt.Fprintf(table, "%s\t%s\n", figure.Title, number(figure))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, a := range s.Alerts {
		word := "PENDING"
		if a.Firing {
			word = "FIRING"
		}
		fmt.Fprintf(w, "\n%s %s: %s (%s, since %s)\n    %s\n", word, a.Name, a.Where, a.Severity, now.Sub(a.Since).Round(time.Second), a.Summary)
	}
	return nil
}

// verdict says whether it is a good moment for a migration.
func verdict(obstacles []string) string {
	switch {
	case obstacles == nil:
		return string(status.Unknown)
	case len(obstacles) == 0:
		return "go"
	}
	return "no-go: " + strings.Join(obstacles, ", ")
}

// number writes a figure as people do.
func number(f status.Figure) string {
	switch f.Unit {
	case "ratio":
		return strconv.FormatFloat(100*f.Value, 'f', 1, 64) + " %"
	case "seconds":
		return time.Duration(f.Value * float64(time.Second)).Round(10 * time.Microsecond).String()
	}
	return strconv.FormatFloat(f.Value, 'f', -1, 64)
}
