// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/easy-erp/dbsync/internal/history"
	"github.com/easy-erp/dbsync/internal/report"
)

const reportHelp = `Per rule: how often it fired, how long until somebody took it and until it was over (median and 90th percentile), what nobody
took, what flaps, what may be a false alarm; and the time of the same length before it, to compare with.

    dbsyncctl report                                  the last seven days, as Markdown
    dbsyncctl report --format html --output week.html   one file, with charts
    dbsyncctl report --since 30d --format json | jq .total

` + ofThePast

func (c *cli) addReport() {
	command := c.app.Command("report", "Sum up a week of alerts: how many, taken by whom how soon, the noisiest rules.").HelpLong(reportHelp)
	past := addPast(command)
	since := addLength(command, "since", "How long a time.", "7d")
	format := command.Flag("format", "md, html or json.").Default("md").Enum("md", "html", "json")
	output := command.Flag("output", "Where to write it; standard output if it is not said.").Short('o').PlaceHolder("FILE").String()
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		r, err := makeReport(ctx, std, past, time.Now(), time.Duration(*since))
		if err != nil {
			return err
		}
		write := map[string]func(io.Writer, report.Report) error{
			"md": report.WriteMarkdown, "html": report.WriteHTML, "json": func(w io.Writer, r report.Report) error { return writeJSON(w, r) },
		}[*format]
		if *output == "" {
			return write(std.out, r)
		}
		file, err := os.Create(*output)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := write(file, r); err != nil {
			return err
		}
		return file.Close()
	})
}

func makeReport(ctx context.Context, std stdio, past *past, now time.Time, since time.Duration) (report.Report, error) {
	api, record, err := past.open(ctx, std)
	if err != nil {
		return report.Report{}, err
	}
	episodes, err := history.Read(ctx, api, now, since)
	if err != nil {
		return report.Report{}, err
	}
	before, err := history.Read(ctx, api, now.Add(-since), since)
	if err != nil {
		return report.Report{}, err
	}
	record.Tell(episodes, history.Step(since))
	record.Tell(before, history.Step(since))
	return report.Make(now.Add(-since), now, episodes, before), nil
}
