// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/apply"
	"github.com/easy-erp/dbsync/internal/operator"
	"github.com/easy-erp/dbsync/internal/pack"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/internal/thresholds"
)

const ruleRenderHelp = `The values name rules by their rule_id, and what is otherwise of them:

    database_connections_high: {warning: 70%, critical: 90%, for: 10m}
    mysql_long_transaction: {disabled: true}
    host_memory_low: {severity: critical}

    dbsyncctl rule render --print-values > thresholds.yml     # all that can be changed, as it is shipped
    dbsyncctl rule render --values thresholds.yml --out /etc/prometheus/rules
    dbsyncctl rule render --values thresholds.yml --operator | kubectl apply -f -

What is not known is refused with its line. The texts that say a number follow it. The same lines below "rules.thresholds" in
the values of "dbsyncctl render" do the same there.`

func (c *cli) addRuleRender(group *kingpin.CmdClause) {
	command := group.Command("render", "Write the shipped rule files with thresholds of your own.").HelpLong(ruleRenderHelp)
	values := command.Flag("values", "The file with your values.").PlaceHolder("FILE").ExistingFile()
	out := command.Flag("out", "The folder to write the rule files to.").PlaceHolder("DIR").String()
	asObjects := command.Flag("operator", "Write PrometheusRules for the Prometheus Operator: prometheusrules.yaml in the folder, or the output.").Bool()
	printValues := command.Flag("print-values", "Print a file to begin with: every threshold as it is shipped, commented out.").Bool()
	c.does(command, func(_ context.Context, std stdio) error {
		if *printValues {
			return thresholds.WriteDefaults(std.out)
		}
		if *values == "" || *out == "" && !*asObjects {
			return &exitError{exitUsage, errors.New("give --values and --out or --operator, or --print-values")}
		}
		wanted, err := thresholds.Load(*values)
		if err != nil {
			return err
		}
		files, err := render.RuleFiles(pack.Source(), render.Values{Rules: render.Rules{Thresholds: wanted}})
		if err != nil {
			return err
		}
		if err := checkRendered(files, std); err != nil {
			return err
		}
		return writeRendered(files, *out, *asObjects, std)
	})
}

// slow is an interval of a group in which a page would come late.
const slow = model.Duration(10 * time.Second)

// checkRendered looks at the files as Prometheus would.
func checkRendered(files []render.File, std stdio) error {
	for _, f := range files {
		all, errs := rulefile.Parse(f.Path, f.Text)
		if len(errs) > 0 {
			return fmt.Errorf("%s: %w", f.Path, errors.Join(errs...))
		}
		for _, r := range all {
			if r.Labels["severity"] == "critical" && r.Interval > slow {
				fmt.Fprintf(std.err, "note: %s is critical, but looked at every %s only\n", r.Alert, r.Interval)
			}
		}
	}
	return nil
}

func writeRendered(files []render.File, dir string, asObjects bool, std stdio) error {
	if asObjects {
		text, err := operator.Rules(files)
		if err != nil {
			return err
		}
		if dir == "" {
			_, err = std.out.Write(text)
			return err
		}
		files = []render.File{{Path: "prometheusrules.yaml", Text: text, Mode: 0o644}}
	}
	for _, f := range files {
		if err := apply.Replace(filepath.Join(dir, path.Base(f.Path)), f.Text, f.Mode); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(std.out, "%d files written to %s\n", len(files), dir)
	return err
}
