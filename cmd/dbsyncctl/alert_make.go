// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/easy-erp/dbsync/internal/oncall"
)

// labelArgs are label=value arguments.
type labelArgs struct{ pairs []string }

func addLabels(command *kingpin.CmdClause, help string) *labelArgs {
	l := &labelArgs{}
	command.Arg("label", help).Required().StringsVar(&l.pairs)
	return l
}

func (l *labelArgs) labels() (map[string]string, error) {
	labels := map[string]string{}
	for _, pair := range l.pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" || value == "" {
			return nil, &exitError{exitUsage, fmt.Errorf("%q: want label=value", pair)}
		}
		labels[name] = value
	}
	return labels, nil
}

func (c *cli) addAlertSilence(group *kingpin.CmdClause) {
	command := group.Command("silence", "Mute what is planned, whether it fires yet or not.").
		HelpLong("    dbsyncctl alert silence --for 2h --reason 'upgrade' instance=erp-primary component=mysql\n\n" +
			"A window that is known before belongs into the exporter's configuration (maintenance): the rules know it.")
	servers := addAlertmanagers(command)
	lasting := addLength(command, "for", "How long it lasts.", "2h")
	reason := command.Flag("reason", "Why.").Required().String()
	by := addBy(command)
	args := addLabels(command, "What is muted: label=value, all of them.")
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		labels, err := args.labels()
		if err != nil {
			return err
		}
		cluster, err := servers.cluster()
		if err != nil {
			return err
		}
		id, err := cluster.Silence(ctx, labels, *by, *reason, time.Duration(*lasting))
		if err == nil {
			fmt.Fprintf(std.out, "silence %s, for %s\n", id, lasting)
		}
		return err
	})
}

func (c *cli) addAlertFire(group *kingpin.CmdClause) {
	command := group.Command("fire", "Begin an alert that no rule has, routed like any other.").
		HelpLong("    dbsyncctl alert fire --for 1h --summary 'Disk array degraded' alertname=RaidDegraded severity=critical component=host instance=erp-primary\n\n" +
			"It ends by `alert resolve`, or when its time is over.")
	servers := addAlertmanagers(command)
	lasting := addLength(command, "for", "How long it fires.", "1h")
	summary := command.Flag("summary", "What people are told.").Default("Fired by hand.").String()
	args := addLabels(command, "Its labels; alertname and severity are needed.")
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		labels, err := args.labels()
		if err != nil {
			return err
		}
		cluster, err := servers.cluster()
		if err != nil {
			return err
		}
		_, err = cluster.Fire(ctx, labels, *summary, time.Duration(*lasting))
		if errors.Is(err, oncall.ErrUnroutable) {
			return &exitError{exitUsage, err}
		}
		if err == nil {
			fmt.Fprintf(std.out, "%s fires for %s\n", title(labels), lasting)
		}
		return err
	})
}
