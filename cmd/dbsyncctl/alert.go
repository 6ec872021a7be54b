// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/oncall"
)

const selecting = `An alert is named by its fingerprint, its rule_id, or by labels; what is named more than once must all be so:

    4f2a9c31d0b7e655
    mysql_down
    mysql_down instance=erp-primary`

const alertHelp = `What fires, and what a person does about it. ` + selecting + `

An acknowledgement is a silence of Alertmanager, whose comment begins with ACK!, so that every other tool sees it too. It
stops the escalation. With --extend it lasts as long as its alert, where "dbsyncctl serve" runs.`

func (c *cli) addAlert() {
	group := c.app.Command("alert", "List, acknowledge, silence, escalate and end alerts.").HelpLong(alertHelp)
	c.addAlertList(group)
	c.addAlertAck(group)
	c.addAlertUnack(group)
	c.addAlertSilence(group)
	c.addAlertEscalate(group)
	c.addAlertFire(group)
	c.addAlertResolve(group)
	c.addAlertHistory(group)
}

// selection names alerts on the command line.
type selection struct{ terms []string }

func addSelection(command *kingpin.CmdClause, required bool) *selection {
	s := &selection{}
	arg := command.Arg("alert", "Fingerprint, rule_id, or label=value.")
	if required {
		arg = arg.Required()
	}
	arg.StringsVar(&s.terms)
	return s
}

var fingerprint = regexp.MustCompile(`^[0-9a-f]{16}$`)

// filters are matchers for Alertmanager; prints are fingerprints.
func (s *selection) filters() (filters, prints []string) {
	for _, term := range s.terms {
		name, value, isLabel := strings.Cut(term, "=")
		switch {
		case isLabel:
			filters = append(filters, name+"="+strconv.Quote(strings.Trim(value, `"`)))
		case fingerprint.MatchString(term):
			prints = append(prints, term)
		default:
			filters = append(filters, "rule_id="+strconv.Quote(term))
		}
	}
	return filters, prints
}

// find returns the alerts that fire and are named; none is an error.
func (s *selection) find(ctx context.Context, cluster *oncall.Cluster) ([]oncall.Alert, error) {
	filters, prints := s.filters()
	alerts, err := cluster.Alerts(ctx, filters...)
	if err != nil {
		return nil, err
	}
	var found []oncall.Alert
	for _, a := range alerts {
		named := len(prints) == 0
		for _, p := range prints {
			named = named || a.Fingerprint == p
		}
		if named && a.Labels[oncall.LabelEscalate] == "" {
			found = append(found, a)
		}
	}
	if len(found) == 0 && len(s.terms) > 0 {
		return nil, fmt.Errorf("nothing fires that is %s: `%s alert list` tells what does", strings.Join(s.terms, " "), program)
	}
	return found, nil
}

// length is a duration on the command line, as Prometheus writes it.
type length time.Duration

func (l *length) Set(text string) error {
	d, err := model.ParseDuration(text)
	*l = length(d)
	if err != nil || d == 0 {
		return fmt.Errorf(`%q: want a duration such as "30m", "2h" or "1d"`, text)
	}
	return nil
}

func (l *length) String() string { return model.Duration(*l).String() }

func addLength(command *kingpin.CmdClause, name, help, byDefault string) *length {
	l := new(length)
	command.Flag(name, help).Default(byDefault).SetValue(l)
	return l
}

// addBy adds who acts.
func addBy(command *kingpin.CmdClause) *string {
	return command.Flag("by", "Who does this.").Default(whoami()).Envar("DBSYNC_USER").String()
}

func whoami() string {
	if u, err := user.Current(); err == nil {
		return cmp.Or(u.Name, u.Username)
	}
	return cmp.Or(os.Getenv("USER"), "unknown")
}

// act adds a command that does one thing to each named alert.
func (c *cli) act(command *kingpin.CmdClause, do func(context.Context, *oncall.Cluster, oncall.Alert) (string, error)) {
	servers := addAlertmanagers(command)
	which := addSelection(command, true)
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		cluster, err := servers.cluster()
		if err != nil {
			return err
		}
		alerts, err := which.find(ctx, cluster)
		if err != nil {
			return err
		}
		for _, a := range alerts {
			said, err := do(ctx, cluster, a)
			if err != nil {
				return fmt.Errorf("%s: %w", title(a.Labels), err)
			}
			fmt.Fprintf(std.out, "%s: %s\n", title(a.Labels), said)
		}
		return nil
	})
}

// title is an alert in a few words: its name and what it is about.
func title(labels map[string]string) string {
	words := []string{labels["alertname"]}
	for _, name := range []string{"instance", "schema", "history", "backup", "path", "mountpoint", "channel", "api", "log", "collector", "source"} {
		if value := labels[name]; value != "" {
			words = append(words, value)
		}
	}
	return strings.Join(words, " ")
}

func (c *cli) addAlertAck(group *kingpin.CmdClause) {
	command := group.Command("ack", "Acknowledge: you have it, nobody else is told.").HelpLong(selecting)
	lasting := addLength(command, "for", "How long it lasts.", model.Duration(oncall.DefaultAck).String())
	extend := command.Flag("extend", "Let it last as long as the alert; needs `dbsyncctl serve`.").Bool()
	reason := command.Flag("reason", "What you are doing about it.").Default("on it").String()
	by := addBy(command)
	c.act(command, func(ctx context.Context, cluster *oncall.Cluster, a oncall.Alert) (string, error) {
		id, err := cluster.Acknowledge(ctx, a, *by, *reason, time.Duration(*lasting), *extend)
		return fmt.Sprintf("acknowledged by %s for %s, silence %s", *by, lasting, id), err
	})
}

func (c *cli) addAlertUnack(group *kingpin.CmdClause) {
	command := group.Command("unack", "Take an acknowledgement back: the escalation goes on.").HelpLong(selecting)
	c.act(command, func(ctx context.Context, cluster *oncall.Cluster, a oncall.Alert) (string, error) {
		n, err := cluster.Unacknowledge(ctx, a)
		return fmt.Sprintf("%d acknowledgements taken back", n), err
	})
}

func (c *cli) addAlertEscalate(group *kingpin.CmdClause) {
	command := group.Command("escalate", "Tell one more receiver now, whoever was told or has acknowledged.").HelpLong(selecting)
	to := command.Flag("to", "The receiver, such as webhook_oncall; `dbsyncctl channel list` names them.").Required().String()
	reason := command.Flag("reason", "Why.").Default("escalated by hand").String()
	by := addBy(command)
	c.act(command, func(ctx context.Context, cluster *oncall.Cluster, a oncall.Alert) (string, error) {
		return "escalated to " + *to, cluster.Escalate(ctx, a, *to, *by, *reason)
	})
}

func (c *cli) addAlertResolve(group *kingpin.CmdClause) {
	command := group.Command("resolve", "End an alert that `alert fire` began. One of a rule comes back while its condition holds: silence it.").
		HelpLong(selecting)
	c.act(command, func(ctx context.Context, cluster *oncall.Cluster, a oncall.Alert) (string, error) {
		return "ended", cluster.End(ctx, a)
	})
}
