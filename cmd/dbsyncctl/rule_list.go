// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/customrules"
	"github.com/easy-erp/dbsync/internal/rulefile"
)

const (
	ownSource     = "own"
	shippedSource = "shipped"

	stateDisabled  = "disabled"
	stateNotLoaded = "not loaded"
	stateUnknown   = "unknown"
)

// listedRule is an alert rule as it is shown.
type listedRule struct {
	Name           string         `json:"name"`
	RuleID         string         `json:"rule_id,omitempty"`
	Severity       string         `json:"severity,omitempty"`
	Component      string         `json:"component,omitempty"`
	Source         string         `json:"source"` // shipped, own, other
	State          string         `json:"state"`  // firing, pending, inactive, disabled, not loaded, unknown
	Firing         int            `json:"firing"`
	For            model.Duration `json:"for"`
	Notify         string         `json:"notify,omitempty"`
	NotifyAfter    string         `json:"notify_after,omitempty"`
	LastEvaluation *time.Time     `json:"last_evaluation,omitempty"`
	LastError      string         `json:"last_error,omitempty"`
	File           string         `json:"file"`
	Expr           string         `json:"expr"`
}

func newListedRule(r rulefmt.Rule, source, state, file string) listedRule {
	return listedRule{
		Name: r.Alert, RuleID: r.Labels["rule_id"], Severity: r.Labels["severity"], Component: r.Labels["component"],
		Source: source, State: state, For: r.For, Notify: r.Labels["notify"], NotifyAfter: r.Labels["notify_after"], File: file, Expr: r.Expr,
	}
}

// is tells whether Prometheus' rule is this one, whatever its threshold and wait are there.
func (l listedRule) is(s customrules.State) bool {
	return s.Name == l.Name && string(s.Labels["severity"]) == l.Severity && path.Base(s.File) == path.Base(l.File)
}

// see takes over what Prometheus says.
func (l *listedRule) see(s customrules.State) {
	l.State, l.LastError, l.File = s.State, s.LastError, s.File
	l.For, l.Expr = model.Duration(s.Duration*float64(time.Second)), s.Query
	if !s.LastEvaluation.IsZero() {
		l.LastEvaluation = &s.LastEvaluation
	}
	for _, a := range s.Alerts {
		if a.State == "firing" {
			l.Firing++
		}
	}
}

// combine puts what is shipped, what is one's own and what Prometheus has together.
func combine(all []rulefile.Rule, own []customrules.Rule, states []customrules.State, reachable bool) []listedRule {
	missing := stateUnknown
	if reachable {
		missing = stateNotLoaded
	}
	var rows []listedRule
	for _, r := range own {
		if r.Alert == "" {
			continue
		}
		state := missing
		if !r.Enabled {
			state = stateDisabled
		}
		rows = append(rows, newListedRule(r.Rule.Rule, ownSource, state, r.File))
	}
	for _, r := range all {
		if r.Alert != "" {
			rows = append(rows, newListedRule(r.Rule, shippedSource, missing, r.File))
		}
	}
	for _, s := range states {
		i := slices.IndexFunc(rows, func(l listedRule) bool { return l.State == missing && l.is(s) })
		if i < 0 {
			labels := map[string]string{}
			for name, value := range s.Labels {
				labels[string(name)] = string(value)
			}
			rows = append(rows, newListedRule(rulefmt.Rule{Alert: s.Name, Labels: labels}, "other", "", s.File))
			i = len(rows) - 1
		}
		rows[i].see(s)
	}
	slices.SortStableFunc(rows, func(a, b listedRule) int {
		return cmp.Or(cmp.Compare(place(a.Source), place(b.Source)), cmp.Compare(rank(a.Severity), rank(b.Severity)), cmp.Compare(a.Name, b.Name))
	})
	return rows
}

// place orders sources: one's own rules come first.
func place(source string) int {
	return slices.Index([]string{ownSource, "other", shippedSource}, source)
}

// gather reads the files and asks Prometheus, which need not answer.
func (o *ownRules) gather(ctx context.Context, std stdio) ([]listedRule, *customrules.Set, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	api, err := o.server.api()
	if err != nil {
		return nil, nil, err
	}
	states, asked := customrules.States(ctx, api)
	if asked != nil {
		fmt.Fprintln(std.err, "note: the state of the rules is not known:", asked)
	}
	var set *customrules.Set
	var own []customrules.Rule
	switch path, err := o.find(states); {
	case errors.Is(err, errWhere):
		fmt.Fprintln(std.err, "note: without your own:", err)
	case err != nil:
		return nil, nil, err
	default:
		if set, err = customrules.Open(path); err != nil {
			return nil, nil, err
		}
		if own, err = set.Rules(); err != nil {
			return nil, nil, err
		}
	}
	all, err := shipped()
	return combine(all, own, states, asked == nil), set, err
}

func (c *cli) addRuleList(group *kingpin.CmdClause) {
	command := group.Command("list", "The alert rules, your own and the shipped ones, and what Prometheus says of them.").
		HelpLong(`    dbsyncctl rule list --own
    dbsyncctl rule list --severity critical --state firing
    dbsyncctl rule list backup

A rule that is "not loaded" stands in a file that Prometheus does not have, or has in an older form.`)
	o := &ownRules{server: addPrometheus(command)}
	o.addRulesFile(command)
	asJSON := addJSON(command)
	var only []func(listedRule) bool
	choose := func(name, help string, field func(listedRule) string, values ...string) {
		var wanted []string
		command.Flag(name, help).HintOptions(values...).EnumsVar(&wanted, values...)
		only = append(only, func(l listedRule) bool { return len(wanted) == 0 || slices.Contains(wanted, field(l)) })
	}
	choose("severity", "Only these; repeat it.", func(l listedRule) string { return l.Severity }, append(slices.Clone(customrules.Severities), "none")...)
	choose("component", "Only these; repeat it.", func(l listedRule) string { return l.Component }, customrules.Components...)
	choose("state", "Only these; repeat it.", func(l listedRule) string { return strings.ReplaceAll(l.State, " ", "-") },
		"firing", "pending", "inactive", stateDisabled, "not-loaded", stateUnknown)
	choose("source", "Only these; repeat it.", func(l listedRule) string { return l.Source }, ownSource, shippedSource, "other")
	own := command.Flag("own", "Only your own.").Bool()
	part := command.Arg("part", "Only those with this in their name or rule_id.").String()
	c.does(command, func(ctx context.Context, std stdio) error {
		rows, _, err := o.gather(ctx, std)
		if err != nil {
			return err
		}
		shown := []listedRule{}
		for _, l := range rows {
			fits := (!*own || l.Source == ownSource) && strings.Contains(strings.ToLower(l.Name+" "+l.RuleID), strings.ToLower(*part))
			for _, f := range only {
				fits = fits && f(l)
			}
			if fits {
				shown = append(shown, l)
			}
		}
		if *asJSON {
			return writeJSON(std.out, shown)
		}
		return writeRules(std.out, shown, time.Now())
	})
}

func writeRules(w io.Writer, rows []listedRule, now time.Time) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "no such rule")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tRULE_ID\tSEVERITY\tFOR\tSOURCE\tSTATE\tFIRING\tEVALUATED\tTOLD")
	for _, l := range rows {
		evaluated := "-"
		if l.LastEvaluation != nil {
			evaluated = model.Duration(now.Sub(*l.LastEvaluation).Round(time.Second)).String() + " ago"
		}
		state := l.State
		if l.LastError != "" {
			state += ": " + l.LastError
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n",
			l.Name, l.RuleID, l.Severity, l.For, l.Source, state, l.Firing, evaluated, strings.TrimSpace(l.Notify+" "+l.NotifyAfter))
	}
	return t.Flush()
}

func (c *cli) addRuleShow(group *kingpin.CmdClause) {
	command := group.Command("show", "A rule as it is written, and its state.").HelpLong("    dbsyncctl rule show mysql_down")
	o := &ownRules{server: addPrometheus(command)}
	o.addRulesFile(command)
	asJSON := addJSON(command)
	name := nameArg(command)
	c.does(command, func(ctx context.Context, std stdio) error {
		rows, set, err := o.gather(ctx, std)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(l listedRule) bool { return l.Name != *name && l.RuleID != *name })
		if len(rows) == 0 {
			return fmt.Errorf("%s: there is no such rule: `%s rule list` names them", *name, program)
		}
		if *asJSON {
			return writeJSON(std.out, rows)
		}
		texts, err := written(set, *name)
		if err != nil {
			return err
		}
		for _, l := range rows {
			fmt.Fprintf(std.out, "# %s, %s: %s, %d firing\n", l.Source, l.File, l.State, l.Firing)
		}
		return yaml.NewEncoder(std.out).Encode(texts)
	})
}

// written are the rules of a name as their files have them.
func written(set *customrules.Set, name string) ([]rulefmt.Rule, error) {
	var found []rulefmt.Rule
	if set != nil {
		switch r, err := set.Find(name); {
		case err == nil:
			return []rulefmt.Rule{r.Rule.Rule}, nil
		case !errors.Is(err, customrules.ErrUnknown):
			return nil, err
		}
	}
	all, err := shipped()
	for _, r := range all {
		if r.Alert == name || r.Alert != "" && r.Labels["rule_id"] == name {
			found = append(found, r.Rule)
		}
	}
	return found, err
}
