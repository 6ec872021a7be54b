// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/history"
)

func (c *cli) addAlertHistory(group *kingpin.CmdClause) {
	command := group.Command("history", "What fired, from when until when, who was told and who took it.").
		HelpLong("    dbsyncctl alert history --since 7d\n    dbsyncctl alert history --since 24h --json | jq '.[] | select(.severity == \"critical\")'\n\n" + ofThePast)
	past := addPast(command)
	since := addLength(command, "since", "How far back.", "24h")
	asJSON := addJSON(command)
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		api, record, err := past.open(ctx, std)
		if err != nil {
			return err
		}
		episodes, err := history.Read(ctx, api, time.Now(), time.Duration(*since))
		if err != nil {
			return err
		}
		record.Tell(episodes, history.Step(time.Duration(*since)))
		if *asJSON {
			return writeJSON(std.out, episodes)
		}
		return writeEpisodes(std.out, episodes)
	})
}

func writeEpisodes(w io.Writer, episodes []history.Episode) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FROM\tTO\tLASTED\tSEVERITY\tALERT\tTAKEN\tTOLD")
	for _, e := range episodes {
		to := "fires"
		if e.Status == history.Resolved {
			to = e.To.Local().Format(time.DateTime)
		}
		taken, told := "-", make([]string, 0, len(e.Notified))
		if a := e.Acknowledged; a != nil {
			taken = fmt.Sprintf("%s by %s", a.At.Local().Format(time.TimeOnly), a.By)
		}
		for _, n := range e.Notified {
			told = append(told, n.Receiver)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.From.Local().Format(time.DateTime), to,
			model.Duration(e.To.Sub(e.From).Round(time.Second)), e.Severity, title(e.Labels), taken, cmp.Or(strings.Join(told, ", "), "-"))
	}
	return t.Flush()
}
