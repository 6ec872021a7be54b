// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/oncall"
)

//go:embed page.html
var pageText string

var pages = template.Must(template.New("page").Funcs(template.FuncMap{
	"ago": func(t time.Time) string { return model.Duration(time.Since(t).Round(time.Second)).String() },
}).Parse(pageText))

// shown is an alert on the page.
type shown struct {
	oncall.Alert
	Name, Where, Severity, Summary, Action, Runbook, Dashboard string
	Ack                                                        *oncall.Ack
	Silenced, Inhibited                                        bool
}

type view struct {
	Title     string
	Alerts    []shown
	One       *shown
	Receivers []string
	Links     []Link
	Who       string
	Problem   string
}

// page lists what fires.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	v := view{Title: "On call", Who: who(r), Links: s.options.Links}
	alerts, err := s.alerts(r.Context())
	v.Alerts = alerts
	s.render(w, v, err)
}

// alertPage shows one alert and what can be done about it. It changes nothing: a
// mail scanner that follows links must not acknowledge.
func (s *Server) alertPage(w http.ResponseWriter, r *http.Request) {
	v := view{Title: "Alert", Who: who(r)}
	alerts, err := s.alerts(r.Context())
	if err == nil {
		v.One, err = one(alerts, r.PathValue("fingerprint"))
	}
	if err == nil {
		v.Receivers, err = s.options.Cluster.Receivers(r.Context())
		v.Receivers = slices.DeleteFunc(v.Receivers, func(name string) bool { return slices.Contains(notPeople, name) })
	}
	s.render(w, v, err)
}

// notPeople are the shipped receivers that nobody is told by.
var notPeople = []string{"nobody", "watchdog"}

func one(alerts []shown, fingerprint string) (*shown, error) {
	i := slices.IndexFunc(alerts, func(a shown) bool { return a.Fingerprint == fingerprint })
	if i < 0 {
		return nil, errGone
	}
	return &alerts[i], nil
}

// act does what a form asks for and goes back to the alert.
func (s *Server) act(w http.ResponseWriter, r *http.Request) {
	fingerprint := r.PathValue("fingerprint")
	a, err := s.find(r.Context(), fingerprint)
	if err == nil {
		_, err = s.perform(r.Context(), r.PathValue("action"), a, who(r), request{
			Reason: r.FormValue("reason"), For: r.FormValue("for"), Extend: r.FormValue("extend") != "", To: r.FormValue("to"),
		})
	}
	if err != nil {
		s.render(w, view{Title: "Alert", Who: who(r)}, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// alerts returns what fires and is told to people, the worst and oldest first.
func (s *Server) alerts(ctx context.Context) ([]shown, error) {
	alerts, err := s.options.Cluster.Alerts(ctx)
	if err != nil {
		return nil, err
	}
	acks, err := s.options.Cluster.Acks(ctx)
	if err != nil {
		return nil, err
	}
	var all []shown
	for _, a := range alerts {
		severity := a.Labels["severity"]
		if severity == "none" || severity == "info" || a.Labels[oncall.LabelEscalate] != "" || a.Labels[oncall.LabelChannelTest] != "" {
			continue
		}
		all = append(all, newShown(a, acks))
	}
	slices.SortStableFunc(all, func(a, b shown) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.StartsAt.Compare(b.StartsAt))
	})
	return all, nil
}

// rank puts what nobody has before what somebody has, and critical before warning.
func rank(a shown) int {
	r := 0
	if a.Ack != nil || a.Silenced || a.Inhibited {
		r += 2
	}
	if a.Severity != "critical" {
		r++
	}
	return r
}

func newShown(a oncall.Alert, acks []oncall.Ack) shown {
	v := shown{
		Alert: a, Name: a.Labels["alertname"], Severity: a.Labels["severity"],
		Summary: a.Annotations["summary"], Action: a.Annotations["description"],
		Runbook: a.Annotations["runbook_url"], Dashboard: a.Annotations["dashboard_url"],
		Silenced: len(a.SilencedBy) > 0, Inhibited: len(a.InhibitedBy) > 0,
	}
	var where []string
	for _, name := range []string{"instance", "schema", "history", "backup", "path", "mountpoint", "channel", "api", "log"} {
		if value := a.Labels[name]; value != "" {
			where = append(where, value)
		}
	}
	v.Where = strings.Join(where, " · ")
	for i := range acks {
		if slices.Contains(a.SilencedBy, acks[i].ID) {
			v.Ack = &acks[i]
		}
	}
	return v
}

func (s *Server) render(w http.ResponseWriter, v view, err error) {
	status := http.StatusOK
	if err != nil {
		status, v.Problem = code(err), err.Error()
		if errors.Is(err, errGone) {
			v.Problem = "This alert does not fire any more."
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.Execute(w, v); err != nil {
		s.options.Logger.Debug("page not written", "err", err)
	}
}
