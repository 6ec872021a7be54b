// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/easy-erp/dbsync/internal/oncall"
)

const channelTestHelp = `    dbsyncctl channel test slack_ops

A message goes the way that every alert goes: through Alertmanager, its route and its receiver. The verdict is
Alertmanager's own, from its metrics; of the oldest versions it is that of the whole kind of receiver.

Exit status: 0 delivered, 1 it failed or nothing is known, 2 the command line is wrong.`

func (c *cli) addChannel() {
	group := c.app.Command("channel", "The ways in which people are told.")
	c.addChannelList(group)
	c.addChannelTest(group)
	c.addChannelAdd(group)
	c.addChannelSwitch(group, "enable", "Let a receiver be told again.", true)
	c.addChannelSwitch(group, "disable", "Keep a receiver's values, but tell it nothing.", false)
}

func (c *cli) addChannelList(group *kingpin.CmdClause) {
	command := group.Command("list", "The receivers that Alertmanager has.")
	servers := addAlertmanagers(command)
	asJSON := addJSON(command)
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		cluster, err := servers.cluster()
		if err != nil {
			return err
		}
		names, err := cluster.Receivers(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(std.out, names)
		}
		for _, name := range names {
			fmt.Fprintln(std.out, name)
		}
		return nil
	})
}

func (c *cli) addChannelTest(group *kingpin.CmdClause) {
	command := group.Command("test", "Send a message to a receiver and tell what became of it.").HelpLong(channelTestHelp)
	servers := addAlertmanagers(command)
	wait := addLength(command, "wait", "How long the verdict is waited for.", "30s")
	receiver := command.Arg("receiver", "The receiver, such as slack_ops.").Required().String()
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, time.Duration(*wait)+patience)
		defer cancel()
		cluster, err := servers.cluster()
		if err != nil {
			return err
		}
		verdict, err := cluster.TestReceiver(ctx, *receiver, time.Duration(*wait))
		if err != nil {
			return err
		}
		fmt.Fprintf(std.out, "%s: %s\n", *receiver, verdict)
		if verdict.Outcome != oncall.Delivered {
			return &exitError{code: exitFailure}
		}
		return nil
	})
}
