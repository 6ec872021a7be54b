// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

const queryHelp = `    dbsyncctl query 'dbsync_migration_revisions{state="failed"} > 0'
    dbsyncctl query --time 2026-11-24T02:00:00Z 'instance:dbsync_mysql_connections:ratio'

With --json it writes what Prometheus answered: a vector, a matrix, a scalar or a string, as its HTTP API does.

Exit status: 0 there is a result, 1 the query failed, 2 the command line is wrong, 3 the result is empty.`

// exitEmpty is the exit code of a query that matched nothing.
const exitEmpty = 3

func (c *cli) addQuery() {
	command := c.app.Command("query", "Ask Prometheus for the value of an expression.").HelpLong(queryHelp)
	server := addPrometheus(command)
	asJSON := addJSON(command)
	at := &moment{}
	command.Flag("time", "Evaluate at this time, RFC 3339 or Unix seconds; now when left out.").PlaceHolder("TIME").SetValue(at)
	expression := command.Arg("expr", "The expression, in PromQL.").Required().String()
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		api, err := server.api()
		if err != nil {
			return err
		}
		return query(ctx, api, *expression, at, *asJSON, std)
	})
}

func query(ctx context.Context, api prometheus.API, expression string, at *moment, asJSON bool, std stdio) error {
	value, warnings, infos, err := api.Query(ctx, expression, at.Time)
	if err != nil {
		return err
	}
	for _, note := range append([]string(warnings), infos...) {
		fmt.Fprintln(std.err, note)
	}
	if asJSON {
		err = writeJSON(std.out, map[string]any{"resultType": value.Type().String(), "result": value})
	} else {
		err = writeValue(std.out, value)
	}
	if err == nil && isEmpty(value) {
		return &exitError{code: exitEmpty}
	}
	return err
}

// writeValue writes a result for people: a series and its value per line.
func writeValue(w io.Writer, value model.Value) error {
	vector, ok := value.(model.Vector)
	if !ok {
		_, err := fmt.Fprintln(w, value)
		return err
	}
	for _, sample := range vector {
		if _, err := fmt.Fprintln(w, sample.Metric, sample.Value); err != nil {
			return err
		}
	}
	return nil
}

func isEmpty(value model.Value) bool {
	switch v := value.(type) {
	case model.Vector:
		return len(v) == 0
	case model.Matrix:
		return len(v) == 0
	}
	return false
}
