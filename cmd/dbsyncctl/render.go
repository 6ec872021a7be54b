// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/easy-erp/dbsync/internal/envfile"
	"github.com/easy-erp/dbsync/internal/operator"
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

An installation that has its settings in environment variables gives those instead, or beside the values:

    dbsyncctl render --env-file .env /etc

writes alertmanager/secrets/* with mode 0600, and flags that the servers read with "prometheus @prometheus.flags" and
"alertmanager @alertmanager.flags". docs/environment.md lists the variables.

Files that were rendered before are replaced, each in one step, and keep their owner; nothing changes when a value is
wrong.`

func (c *cli) addRender() {
	command := c.app.Command("render", "Write Prometheus', Alertmanager's and the rules' files with your values.").HelpLong(renderHelp)
	r := &renderer{}
	command.Flag("values", "The file with your values.").PlaceHolder("FILE").ExistingFileVar(&r.values)
	command.Flag("env-file", "A .env file with SMTP_HOST, SLACK_WEBHOOK_DEV and their like; wins over the values.").
		PlaceHolder("FILE").ExistingFileVar(&r.envFile)
	command.Flag("environment", "Take those variables from the environment.").BoolVar(&r.environment)
	command.Flag("installed-as", "Where the servers will see the folder; the secrets are referred to by this path.").
		PlaceHolder("DIR").StringVar(&r.installedAs)
	command.Flag("kubernetes", "Write kubernetes/*.yaml too: the rules, routes and templates as objects of the Prometheus Operator.").
		BoolVar(&r.kubernetes)
	command.Flag("alertmanager.version", "The Alertmanager that will read the files, such as 0.33; wins over the values.").
		PlaceHolder("X.Y").StringVar(&r.version)
	command.Arg("dir", "The folder to write to.").Default(".").StringVar(&r.dir)
	c.does(command, func(_ context.Context, std stdio) error { return r.run(std) })
}

// renderer is what the command line says.
type renderer struct {
	values, envFile, installedAs, version, dir string
	environment, kubernetes                    bool
}

func (r *renderer) run(std stdio) error {
	if r.values == "" && r.envFile == "" && !r.environment {
		return &exitError{exitUsage, errors.New("nothing to render with: give --values, --env-file or --environment")}
	}
	v, err := r.load()
	if err != nil {
		return err
	}
	fromVariables, err := r.apply(&v)
	if err != nil {
		return err
	}
	if r.version != "" {
		v.Alertmanager.Version = r.version
	}
	further, err := r.objects(v)
	if err != nil {
		return err
	}
	notes, err := render.Write(r.dir, pack.Source(), v, append(further, fromVariables.Files...)...)
	if err != nil {
		return err
	}
	for _, line := range fromVariables.Report {
		fmt.Fprintln(std.err, line)
	}
	for _, note := range notes {
		fmt.Fprintln(std.err, "note:", note)
	}
	_, err = fmt.Fprintf(std.out, "written to %s\n", r.dir)
	return err
}

// objects are the files for Kubernetes, where they are asked for.
func (r *renderer) objects(v render.Values) ([]render.File, error) {
	if !r.kubernetes {
		return nil, nil
	}
	files, _, err := render.Files(pack.Source(), v)
	if err != nil {
		return nil, err
	}
	return operator.Files(files)
}

func (r *renderer) load() (render.Values, error) {
	if r.values == "" {
		return render.Values{}, nil
	}
	return render.Load(r.values)
}

// apply puts the variables over the values.
func (r *renderer) apply(v *render.Values) (envfile.Result, error) {
	if r.envFile == "" && !r.environment {
		return envfile.Result{}, nil
	}
	seen := r.installedAs
	if seen == "" {
		var err error
		if seen, err = filepath.Abs(r.dir); err != nil {
			return envfile.Result{}, err
		}
	}
	folder := filepath.ToSlash(seen) + "/alertmanager"
	if r.environment {
		if r.envFile != "" {
			return envfile.Result{}, &exitError{exitUsage, errors.New("--env-file and --environment: give one of them")}
		}
		return envfile.Apply(envfile.Select(os.Environ()), folder, v)
	}
	text, err := os.ReadFile(r.envFile)
	if err != nil {
		return envfile.Result{}, err
	}
	variables, err := envfile.Parse(string(text))
	if err != nil {
		return envfile.Result{}, fmt.Errorf("%s:%w", r.envFile, err)
	}
	result, err := envfile.Apply(variables, folder, v)
	if err != nil {
		return envfile.Result{}, fmt.Errorf("%s: %w", r.envFile, err)
	}
	return result, nil
}
