// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/oncall"
)

// listed is an alert as it is shown.
type listed struct {
	Fingerprint string            `json:"fingerprint"`
	State       string            `json:"state"` // firing, acknowledged, silenced, inhibited
	Severity    string            `json:"severity"`
	RuleID      string            `json:"rule_id"`
	Labels      map[string]string `json:"labels"`
	Summary     string            `json:"summary"`
	Since       time.Time         `json:"since"`
	By          string            `json:"acknowledged_by,omitempty"`
	Receivers   []string          `json:"receivers"`
}

func (c *cli) addAlertList(group *kingpin.CmdClause) {
	command := group.Command("list", "What fires, the worst and oldest first.").HelpLong(selecting + `

Exit status: 0 nothing fires that nobody has taken, 1 it could not be asked, 2 the command line is wrong, 3 something does.`)
	servers := addAlertmanagers(command)
	asJSON := addJSON(command)
	all := command.Flag("all", "With informing alerts and the watchdog.").Bool()
	which := addSelection(command, false)
	watch := new(length)
	command.Flag("watch", "Show it anew every so often, until Ctrl-C.").PlaceHolder("10s").SetValue(watch)
	c.does(command, func(ctx context.Context, std stdio) error {
		cluster, err := servers.cluster()
		if err != nil {
			return err
		}
		show := func(ctx context.Context, w io.Writer) error {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			alerts, err := list(ctx, cluster, which, *all)
			if err != nil {
				return err
			}
			if *asJSON {
				err = writeJSON(w, alerts)
			} else {
				err = writeAlerts(w, alerts, time.Now())
			}
			if err == nil && slices.ContainsFunc(alerts, func(a listed) bool { return a.State == "firing" }) {
				return &exitError{code: exitEmpty}
			}
			return err
		}
		if *watch == 0 {
			return show(ctx, std.out)
		}
		return again(ctx, std.out, time.Duration(*watch), *asJSON, show)
	})
}

func list(ctx context.Context, cluster *oncall.Cluster, which *selection, all bool) ([]listed, error) {
	alerts, err := which.find(ctx, cluster)
	if err != nil {
		return nil, err
	}
	acks, err := cluster.Acks(ctx)
	if err != nil {
		return nil, err
	}
	by := map[string]string{}
	for _, ack := range acks {
		by[ack.ID] = ack.By
	}
	shown := []listed{}
	for _, a := range alerts {
		if severity := a.Labels["severity"]; all || severity != "none" && severity != "info" {
			shown = append(shown, newListed(a, by))
		}
	}
	slices.SortStableFunc(shown, func(a, b listed) int {
		return cmp.Or(cmp.Compare(rank(a.Severity), rank(b.Severity)), a.Since.Compare(b.Since))
	})
	return shown, nil
}

func newListed(a oncall.Alert, acknowledged map[string]string) listed {
	l := listed{
		Fingerprint: a.Fingerprint, State: "firing", Severity: a.Labels["severity"], RuleID: a.Labels["rule_id"],
		Labels: a.Labels, Summary: a.Annotations["summary"], Since: a.StartsAt, Receivers: a.Receivers,
	}
	switch {
	case len(a.SilencedBy) > 0:
		l.State = "silenced"
	case len(a.InhibitedBy) > 0:
		l.State = "inhibited"
	}
	for _, id := range a.SilencedBy {
		if who, ok := acknowledged[id]; ok {
			l.State, l.By = "acknowledged", who
		}
	}
	return l
}

// rank orders severities, the worst first; those that are not ours come last.
func rank(severity string) int {
	i := slices.Index([]string{"critical", "warning", "info"}, severity)
	if i < 0 {
		return 3
	}
	return i
}

func writeAlerts(w io.Writer, alerts []listed, now time.Time) error {
	if len(alerts) == 0 {
		_, err := fmt.Fprintln(w, "nothing fires")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FINGERPRINT\tSEVERITY\tSTATE\tSINCE\tALERT\tTOLD")
	for _, a := range alerts {
		state := a.State
		if a.By != "" {
			state += " by " + a.By
		}
		since := model.Duration(now.Sub(a.Since).Round(time.Second))
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n",
			a.Fingerprint, a.Severity, state, since, title(a.Labels), strings.Join(a.Receivers, ", "))
	}
	return t.Flush()
}
