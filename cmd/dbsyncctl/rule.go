// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/easy-erp/dbsync/internal/apply"
	"github.com/easy-erp/dbsync/internal/customrules"
	"github.com/easy-erp/dbsync/internal/operator"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/rules"
)

const ruleHelp = `Alert rules of your own stand in a rule file of their own, beside the shipped ones, which you may edit by hand too:

    dbsyncctl rule add OrderBacklogHigh --expr 'last_over_time(shop_orders_waiting[4m]) > 500' --for 5m \
        --severity warning --summary 'Orders pile up.' --notify slack_dev --notify email_admin --after 15m
    dbsyncctl rule list --own
    dbsyncctl rule update OrderBacklogHigh --for 10m
    dbsyncctl rule disable OrderBacklogHigh     # kept, but not evaluated
    dbsyncctl rule delete OrderBacklogHigh

Each change is checked as Prometheus would, written in one step, reloaded, and looked up in Prometheus; when anything of that
fails, the old file is back. Shipped rules are changed by "dbsyncctl rule render --values".`

const ruleChangeHelp = `

Exit status: 0 done and loaded (or written, with --no-reload or --operator), 1 refused, nothing has changed, 2 the command line
is wrong, 3 written, but Prometheus has to be told by hand: it runs without --web.enable-lifecycle.`

// exitByHand is the exit code of a change that is written and not loaded.
const exitByHand = 3

// ownRules is the file that a command changes, and who reads it.
type ownRules struct {
	path     string
	server   *promServer
	noReload bool
	operator bool
}

func (c *cli) addRule() {
	group := c.app.Command("rule", "Alert rules of your own, and the thresholds of the shipped ones.").HelpLong(ruleHelp)
	c.addRuleList(group)
	c.addRuleShow(group)
	c.addRuleAdd(group)
	c.addRuleUpdate(group)
	c.addRuleDelete(group)
	c.addRuleSwitch(group, "enable", "Let a rule of your own be evaluated again.", true)
	c.addRuleSwitch(group, "disable", "Keep a rule of your own, but let nobody evaluate it.", false)
	c.addRuleRender(group)
}

// addRulesFile adds the flag that all commands have.
func (o *ownRules) addRulesFile(command *kingpin.CmdClause) {
	command.Flag("rules.file", "The file with rules of your own; custom.rules.yml beside the shipped ones, by what Prometheus says.").
		PlaceHolder("FILE").Envar("DBSYNC_RULES_FILE").StringVar(&o.path)
}

// addTo adds the flags of a command that changes rules.
func (o *ownRules) addTo(command *kingpin.CmdClause) {
	o.addRulesFile(command)
	command.Flag("no-reload", "Write and check, and leave Prometheus alone.").BoolVar(&o.noReload)
	command.Flag("operator", "Reload nothing, but print the file as a PrometheusRule, for `kubectl apply -f -`; needs --rules.file.").
		BoolVar(&o.operator)
}

// ownName is the name of the file beside the shipped ones.
const ownName = "custom.rules.yml"

var errWhere = errors.New("where rules of your own stand is not known: give --rules.file")

// find returns the path of the file.
func (o *ownRules) find(states []customrules.State) (string, error) {
	if o.path != "" {
		return o.path, nil
	}
	shipped, err := fs.Glob(rules.Files, "*.rules.yml")
	if err != nil {
		return "", err
	}
	for _, state := range states {
		for _, name := range shipped {
			if dir, base := filepath.Split(state.File); base == name && isFolder(dir) {
				return filepath.Join(dir, ownName), nil
			}
		}
	}
	return "", errWhere
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// change edits the rules and makes Prometheus take them.
func (o *ownRules) change(ctx context.Context, std stdio, edit func(*customrules.Set) (said string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var api prometheus.API
	var states []customrules.State
	if o.reloads() {
		var err error
		if api, err = o.server.api(); err != nil {
			return err
		}
		// Before anything changes: what cannot be reloaded is not written.
		if states, err = customrules.States(ctx, api); err != nil {
			return fmt.Errorf("%w (nothing has changed; --no-reload writes without Prometheus)", err)
		}
	}
	path, err := o.find(states)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	unlock, err := apply.Lock(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	set, err := customrules.Open(path)
	if err != nil {
		return err
	}
	said, err := edit(set)
	if err != nil {
		return shippedInstead(err)
	}
	files, err := set.Files()
	if err != nil {
		return err
	}
	change := apply.Change{Files: files}
	if o.reloads() {
		client, err := o.server.http.client()
		if err != nil {
			return err
		}
		change.Reload = apply.ReloadURL(client, o.server.url)
		change.Confirm = func(ctx context.Context) error { return confirm(ctx, set, api) }
	}
	err = change.Apply(ctx)
	if errors.Is(err, apply.ErrByHand) {
		fmt.Fprintf(std.out, "%s in %s\n", said, path)
		return &exitError{exitByHand, errors.New("not loaded yet: Prometheus runs without --web.enable-lifecycle; send it SIGHUP (systemctl reload prometheus)")}
	}
	if err != nil {
		return err
	}
	if o.operator {
		fmt.Fprintf(std.err, "%s, in %s\n", said, path)
		return printObject(set, std)
	}
	if o.reloads() {
		said += ", loaded by Prometheus"
	}
	_, err = fmt.Fprintf(std.out, "%s, in %s\n", said, path)
	return err
}

// reloads tells whether a Prometheus is to read the file at once.
func (o *ownRules) reloads() bool { return !o.noReload && !o.operator }

// settling is how long a server may take to show what it has loaded.
const settling = 5 * time.Second

func confirm(ctx context.Context, set *customrules.Set, api prometheus.API) error {
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	return set.Confirm(ctx, api)
}

// printObject writes the rules that are switched on as a PrometheusRule.
func printObject(set *customrules.Set, std stdio) error {
	text, err := set.Text()
	if err != nil {
		return err
	}
	object, err := operator.Rules([]render.File{{Path: "prometheus/rules/" + ownName, Text: text}})
	if err != nil {
		return err
	}
	_, err = std.out.Write(object)
	return err
}

// shipped are the rules that the program carries.
func shipped() ([]rulefile.Rule, error) { return rulefile.Read(rules.Files, "*.rules.yml") }

// notOwn is the error of a name that is no rule of one's own.
type notOwn struct {
	name string
	err  error
}

func (n *notOwn) Error() string { return n.err.Error() }
func (n *notOwn) Unwrap() error { return n.err }

// shippedInstead says what to do with a rule that is shipped.
func shippedInstead(err error) error {
	var missing *notOwn
	if !errors.As(err, &missing) {
		return err
	}
	all, readErr := shipped()
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	for _, r := range all {
		if id := r.Labels["rule_id"]; r.Alert != "" && (id == missing.name || r.Alert == missing.name) {
			return fmt.Errorf("%s is a shipped rule, and your change would be lost with the next version: write \"%s: {disabled: true}\" "+
				"(or other thresholds) into a file, and `%s rule render --values FILE` writes the shipped files so", r.Alert, id, program)
		}
	}
	return fmt.Errorf("%w: `%s rule list --own` names them", err, program)
}

// existing names a rule of one's own.
func existing(set *customrules.Set, name string) (customrules.Rule, error) {
	r, err := set.Find(name)
	if errors.Is(err, customrules.ErrUnknown) {
		return r, &notOwn{name, err}
	}
	return r, err
}

func (c *cli) addRuleDelete(group *kingpin.CmdClause) {
	command := group.Command("delete", "Take a rule of your own out for good.").
		HelpLong("    dbsyncctl rule delete OrderBacklogHigh" + ruleChangeHelp)
	o := &ownRules{server: addPrometheus(command)}
	o.addTo(command)
	name := nameArg(command)
	c.does(command, func(ctx context.Context, std stdio) error {
		return o.change(ctx, std, func(set *customrules.Set) (string, error) {
			r, err := existing(set, *name)
			if err != nil {
				return "", err
			}
			return r.Alert + r.Record + " deleted", set.Delete(*name)
		})
	})
}

func (c *cli) addRuleSwitch(group *kingpin.CmdClause, verb, help string, on bool) {
	command := group.Command(verb, help).HelpLong("    dbsyncctl rule " + verb + " OrderBacklogHigh\n\n" +
		"A rule that is disabled stands in a file with the ending " + customrules.DisabledSuffix + " beside the other one, with its comments." + ruleChangeHelp)
	o := &ownRules{server: addPrometheus(command)}
	o.addTo(command)
	name := nameArg(command)
	c.does(command, func(ctx context.Context, std stdio) error {
		return o.change(ctx, std, func(set *customrules.Set) (string, error) {
			r, err := existing(set, *name)
			if err != nil {
				return "", err
			}
			return r.Alert + r.Record + " " + strings.TrimSuffix(verb, "e") + "ed", set.Switch(*name, on)
		})
	})
}

func nameArg(command *kingpin.CmdClause) *string {
	return command.Arg("rule", "Its name, such as OrderBacklogHigh, or its rule_id.").Required().String()
}
