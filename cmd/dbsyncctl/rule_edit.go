// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/easy-erp/dbsync/internal/catalogue"
	"github.com/easy-erp/dbsync/internal/customrules"
	"github.com/easy-erp/dbsync/internal/render"
)

// ruleFlags are what the command line says of a rule; what was not given says nothing.
type ruleFlags struct {
	fields      []*ruleField
	notify      []string
	notifyGiven bool
	labels      []string
	annotations []string
}

// ruleField is one flag and where its value goes.
type ruleField struct {
	value string
	given bool
	set   func(*rulefmt.Rule, string) error
}

func addRuleFlags(command *kingpin.CmdClause, isNew bool) *ruleFlags {
	f := &ruleFlags{}
	flag := func(name, help, holder string, set func(*rulefmt.Rule, string) error) *kingpin.FlagClause {
		field := &ruleField{set: set}
		f.fields = append(f.fields, field)
		clause := command.Flag(name, help).PlaceHolder(holder).IsSetByUser(&field.given)
		clause.StringVar(&field.value)
		return clause
	}
	required := func(clause *kingpin.FlagClause) {
		if isNew {
			clause.Required()
		}
	}
	required(flag("expr", "When it fires: an expression in PromQL.", "EXPR", func(r *rulefmt.Rule, v string) error { r.Expr = v; return nil }))
	severity := flag("severity", "critical, warning or info: who is told, unless --notify says so.", "SEVERITY", label("severity"))
	severity.HintOptions(customrules.Severities...)
	required(severity)
	required(flag("summary", "What is wrong, in one sentence without templates.", "TEXT", annotation("summary")))
	flag("description", "Details and the first action; {{ $labels.instance }} and {{ $value }} are filled in.", "TEXT", annotation("description"))
	flag("summary-zh", "The summary in Chinese.", "TEXT", annotation("summary_zh"))
	flag("description-zh", "The description in Chinese.", "TEXT", annotation("description_zh"))
	flag("for", "How long it must hold before it fires; 0s is at once.", "5m", lasting(func(r *rulefmt.Rule) *model.Duration { return &r.For }))
	flag("keep-firing-for", "How long it fires on after it no longer holds.", "5m", lasting(func(r *rulefmt.Rule) *model.Duration { return &r.KeepFiringFor }))
	flag("component", "What it is about: "+strings.Join(customrules.Components, ", ")+"; app when left out.", "COMPONENT", label("component")).
		HintOptions(customrules.Components...)
	flag("id", "Its rule_id, which silences name; made from the name when left out.", "ID", label("rule_id"))
	flag("runbook", "Where it is written what to do.", "URL", annotation("runbook_url"))
	flag("dashboard", "Where it is to be seen.", "URL", annotation("dashboard_url"))
	flag("after", "Tell them only when it has fired so long: "+strings.Join(render.Delays(), ", ")+`; "" is at once.`, "DELAY", delay).
		HintOptions(render.Delays()...)
	command.Flag("notify", `Who is told, instead of the routing table: a receiver; repeat it. "" is the table again.`).
		PlaceHolder("RECEIVER").IsSetByUser(&f.notifyGiven).StringsVar(&f.notify)
	command.Flag("label", "A further label; name= takes it away.").PlaceHolder("NAME=VALUE").StringsVar(&f.labels)
	command.Flag("annotation", "A further annotation; name= takes it away.").PlaceHolder("NAME=VALUE").StringsVar(&f.annotations)
	return f
}

func label(name string) func(*rulefmt.Rule, string) error {
	return func(r *rulefmt.Rule, v string) error { r.Labels = with(r.Labels, name, v); return nil }
}

func annotation(name string) func(*rulefmt.Rule, string) error {
	return func(r *rulefmt.Rule, v string) error { r.Annotations = with(r.Annotations, name, v); return nil }
}

func lasting(field func(*rulefmt.Rule) *model.Duration) func(*rulefmt.Rule, string) error {
	return func(r *rulefmt.Rule, v string) error {
		d, err := model.ParseDuration(v)
		if err != nil {
			return fmt.Errorf(`%q: want a duration such as "30s", "5m" or "1h"`, v)
		}
		*field(r) = d
		return nil
	}
}

func delay(r *rulefmt.Rule, v string) error {
	if v != "" && !slices.Contains(render.Delays(), v) {
		return fmt.Errorf("--after %q: the routes know %s", v, strings.Join(render.Delays(), ", "))
	}
	r.Labels = with(r.Labels, "notify_after", v)
	return nil
}

// with sets or, when the value is empty, removes.
func with(m map[string]string, name, value string) map[string]string {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]string{}
	}
	m[name] = value
	if value == "" {
		delete(m, name)
	}
	return m
}

// apply puts what was given into the rule.
func (f *ruleFlags) apply(r *rulefmt.Rule) error {
	for _, field := range f.fields {
		if field.given {
			if err := field.set(r, field.value); err != nil {
				return &exitError{exitUsage, err}
			}
		}
	}
	if f.notifyGiven {
		r.Labels = with(r.Labels, "notify", strings.Join(f.notify, ","))
	}
	for _, pairs := range []struct {
		into  *map[string]string
		given []string
	}{{&r.Labels, f.labels}, {&r.Annotations, f.annotations}} {
		for _, pair := range pairs.given {
			name, value, ok := strings.Cut(pair, "=")
			if !ok || name == "" {
				return &exitError{exitUsage, fmt.Errorf("%q: want name=value", pair)}
			}
			*pairs.into = with(*pairs.into, name, value)
		}
	}
	if r.Labels["notify_after"] != "" && r.Labels["notify"] == "" {
		return &exitError{exitUsage, fmt.Errorf("--after delays those whom --notify names: give it, or leave --after away")}
	}
	return nil
}

func (c *cli) addRuleAdd(group *kingpin.CmdClause) {
	command := group.Command("add", "Add a rule of your own.").HelpLong(`    dbsyncctl rule add OrderBacklogHigh --expr 'last_over_time(shop_orders_waiting[4m]) > 500' --for 5m \
        --severity warning --summary 'Orders pile up.' --notify slack_dev --after 15m

Without --notify the routing table decides, by severity and component. Whoever is named by --notify is told, at once or --after a
while if it still fires and nobody has acknowledged it; a critical one escalates like all others.` + ruleChangeHelp)
	prom, servers := addMonitoring(command)
	o := &ownRules{server: prom}
	o.addTo(command)
	name := command.Arg("name", "Its name in CamelCase, such as OrderBacklogHigh.").Required().String()
	flags := addRuleFlags(command, true)
	c.does(command, func(ctx context.Context, std stdio) error {
		r := rulefmt.Rule{Alert: *name, Labels: map[string]string{"component": "app", "rule_id": customrules.ID(*name)}}
		if err := flags.apply(&r); err != nil {
			return err
		}
		return o.change(ctx, std, func(set *customrules.Set) (string, error) {
			if err := examine(ctx, r, servers, std, flags.notifyGiven && o.reloads()); err != nil {
				return "", err
			}
			return fmt.Sprintf("%s added, %s", r.Alert, told(r)), set.Add(r)
		})
	})
}

func (c *cli) addRuleUpdate(group *kingpin.CmdClause) {
	command := group.Command("update", "Change a rule of your own: what is given, and nothing else of it.").
		HelpLong("    dbsyncctl rule update OrderBacklogHigh --for 10m --notify sms_oncall" + ruleChangeHelp)
	prom, servers := addMonitoring(command)
	o := &ownRules{server: prom}
	o.addTo(command)
	name := nameArg(command)
	flags := addRuleFlags(command, false)
	c.does(command, func(ctx context.Context, std stdio) error {
		return o.change(ctx, std, func(set *customrules.Set) (said string, err error) {
			if _, err := existing(set, *name); err != nil {
				return "", err
			}
			err = set.Update(*name, func(r *rulefmt.Rule) error {
				if err := flags.apply(r); err != nil {
					return err
				}
				said = fmt.Sprintf("%s updated, %s", r.Alert, told(*r))
				return examine(ctx, *r, servers, std, flags.notifyGiven && o.reloads())
			})
			return said, err
		})
	})
}

// examine refuses what would not work, and says what may not.
func examine(ctx context.Context, r rulefmt.Rule, servers *managers, std stdio, askReceivers bool) error {
	all, err := shipped()
	if err != nil {
		return err
	}
	if err := customrules.Lint(r, all); err != nil {
		return err
	}
	metrics, err := catalogue.New(all)
	if err != nil {
		return err
	}
	notes, err := customrules.Advice(r, metrics)
	if err != nil {
		return fmt.Errorf("--expr: %w", err)
	}
	for _, note := range notes {
		fmt.Fprintln(std.err, "note:", note)
	}
	if !askReceivers || r.Labels["notify"] == "" {
		return nil
	}
	return receiversExist(ctx, strings.Split(r.Labels["notify"], ","), servers, std)
}

// receiversExist asks Alertmanager; one that does not answer is only noted.
func receiversExist(ctx context.Context, wanted []string, servers *managers, std stdio) error {
	cluster, err := servers.cluster()
	if err != nil {
		return err
	}
	names, err := cluster.Receivers(ctx)
	if err != nil {
		fmt.Fprintln(std.err, "note: whether the receivers exist is not known:", err)
		return nil
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return fmt.Errorf("--notify %s: Alertmanager has no such receiver; it has %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// told says who will be told of a rule.
func told(r rulefmt.Rule) string {
	notify, after := r.Labels["notify"], r.Labels["notify_after"]
	switch {
	case notify != "" && after != "":
		return fmt.Sprintf("tells %s after %s", notify, after)
	case notify != "":
		return fmt.Sprintf("tells %s at once", notify)
	case r.Labels["severity"] == "info":
		return "for dashboards: nobody is told"
	}
	return "told by the routing table"
}
