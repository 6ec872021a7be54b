// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/history"
)

func (c *cli) addAlertHistory(group *kingpin.CmdClause) {
	command := group.Command("history", "What fired, from when until when, by Prometheus' own record.").
		HelpLong("    dbsyncctl alert history --since 7d\n    dbsyncctl alert history --since 24h --json | jq '.[] | select(.severity == \"critical\")'\n\n" +
			"Times are exact to a minute: the record is the series ALERTS.")
	server := addPrometheus(command)
	since := addLength(command, "since", "How far back.", "24h")
	asJSON := addJSON(command)
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		api, err := server.api()
		if err != nil {
			return err
		}
		episodes, err := history.Read(ctx, api, time.Now(), time.Duration(*since))
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(std.out, episodes)
		}
		return writeEpisodes(std.out, episodes)
	})
}

func writeEpisodes(w io.Writer, episodes []history.Episode) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FROM\tTO\tLASTED\tSEVERITY\tALERT")
	for _, e := range episodes {
		to := "fires"
		if e.Status == history.Resolved {
			to = e.To.Local().Format(time.DateTime)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", e.From.Local().Format(time.DateTime), to,
			model.Duration(e.To.Sub(e.From).Round(time.Second)), e.Severity, title(e.Labels))
	}
	return t.Flush()
}
