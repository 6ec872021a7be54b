// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/easy-erp/dbsync/internal/pack"
	"github.com/easy-erp/dbsync/internal/render"
)

const renderHelp = `The values, all of them optional but for one receiver at least:

    alertmanager:
      smtp: {smarthost: "smtp.example.com:587", from: dbsync@example.com, username: dbsync, password_file: /etc/dbsync/smtp}
      receivers:                    # one without values drops out, whoever comes next is told in its place
        email_admin: {email: {to: [dba@example.com]}}
        slack_dev: {slack: {url_file: /etc/dbsync/slack_dev, channel: "#database-alerts"}}
        slack_ops: {slack: {url_file: /etc/dbsync/slack_ops, channel: "#database-ops"}}
        webhook_oncall: {webhook: {url: "https://oncall.example.com/alerts", token_file: /etc/dbsync/oncall}}
        sms_oncall: {sns: {phone_number: "+15555550100", region: eu-central-1}}
        push_oncall: {pushover: {user_key_file: /etc/dbsync/push_user, token_file: /etc/dbsync/push_token}}
        watchdog: {webhook: {url: "https://deadman.example.com/ping"}}
        # also wecom, dingtalk, feishu, telegram, pagerduty, teams, discord, goalert, sms_gateway; a name may have
        # any of them. "dbsyncctl pack export" writes alertmanager/values.yml with every one.
      language: both                # or en, zh
      oncall_url: https://oncall.example.com   # where to acknowledge: "dbsyncctl serve"
      escalation:                   # critical alerts, beyond the routing table
        - {after: 15m, receivers: [sms_oncall]}
      version: "0.33"               # of your Alertmanager; before 0.26 secrets are written into its file, mode 0600
      scale: 1                      # multiplies every wait; group_interval, repeat_interval: 4h
    prometheus:
      address: "127.0.0.1:9090"     # Prometheus itself
      exporter: "127.0.0.1:19104"
      instance: erp-primary         # the exporter's default target; targets: [further ones]
      alertmanagers: ["127.0.0.1:9093"]
      scrape_interval: 10s
      evaluation_interval: 15s
    rules:
      scale: 1                      # multiplies every "for"
      grafana_url: https://grafana.example.com
      runbook_url: https://wiki.example.com/runbooks

Files that were rendered before are replaced, each in one step; nothing changes when a value is wrong.`

func (c *cli) addRender() {
	command := c.app.Command("render", "Write Prometheus', Alertmanager's and the rules' files with your values.").HelpLong(renderHelp)
	values := command.Flag("values", "The file with your values.").PlaceHolder("FILE").Required().ExistingFile()
	version := command.Flag("alertmanager.version", "The Alertmanager that will read the files, such as 0.33; wins over the values.").
		PlaceHolder("X.Y").String()
	dir := command.Arg("dir", "The folder to write to.").Default(".").String()
	c.does(command, func(_ context.Context, std stdio) error {
		v, err := render.Load(*values)
		if err != nil {
			return err
		}
		if *version != "" {
			v.Alertmanager.Version = *version
		}
		notes, err := render.Write(*dir, pack.Source(), v)
		if err != nil {
			return err
		}
		for _, note := range notes {
			fmt.Fprintln(std.err, "note:", note)
		}
		_, err = fmt.Fprintf(std.out, "written to %s\n", *dir)
		return err
	})
}
