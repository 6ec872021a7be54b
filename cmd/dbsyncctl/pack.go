// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/easy-erp/dbsync/internal/pack"
)

const packHelp = `The files, in the layout in which they find each other:

    prometheus/prometheus.yml, rules/*.rules.yml
    alertmanager/alertmanager.yml, templates/*.tmpl
    grafana/dashboards/*.json, provisioning/

They are as committed: addresses and people are examples. "dbsyncctl render" writes them with your own.
A file that is there and differs is not overwritten without --force.`

func (c *cli) addPack() {
	group := c.app.Command("pack", "Work with the rules, the configuration and the dashboards that this program carries.")
	command := group.Command("export", "Write the whole pack into a folder.").HelpLong(packHelp)
	dir := command.Arg("dir", "The folder; it is made when it is not there.").Required().String()
	force := command.Flag("force", "Overwrite files that differ.").Bool()
	c.does(command, func(_ context.Context, std stdio) error {
		written, err := pack.Export(*dir, *force)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.out, "%d files in %s\n", written, *dir)
		return err
	})
}
