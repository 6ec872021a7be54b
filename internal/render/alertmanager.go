// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"

	amconfig "github.com/prometheus/alertmanager/config"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/yamledit"
)

// Output is a rendered alertmanager.yml.
type Output struct {
	Text []byte
	// Templates are the templates that differ between installations, by their
	// names below templates/.
	Templates map[string][]byte
	// Notes say what dropped out, one sentence each, for the person who renders.
	Notes []string
	// Secret says that Text holds a secret: write it with mode 0600.
	Secret bool
}

// AlertmanagerConfig returns alertmanager.yml for an installation. Routes, time
// intervals and receivers are written from the values, the rest of the source
// stays. A critical alert left without any channel is an error.
func AlertmanagerConfig(source []byte, v Values) (Output, error) {
	if err := v.validate(); err != nil {
		return Output{}, err
	}
	a := v.Alertmanager
	minor, err := a.minor()
	if err != nil {
		return Output{}, err
	}
	present, err := newReceivers(a, minor)
	if err != nil {
		return Output{}, err
	}
	if present.fallback() == "" && !a.Muted {
		return Output{}, errors.New("no receiver has values, so critical alerts would reach nobody: " +
			"fill in at least one below alertmanager.receivers, such as email_admin")
	}
	doc, top, err := yamledit.Parse(source)
	if err != nil {
		return Output{}, err
	}
	routes := &routes{values: a, present: present}
	inlined, err := write(top, a, present, routes)
	if err != nil {
		return Output{}, err
	}
	text, err := yamledit.Format(doc)
	if err != nil {
		return Output{}, err
	}
	// Newer versions refuse what older ones do.
	if _, err := amconfig.Load(string(text)); err != nil {
		return Output{}, fmt.Errorf("the result is refused by Alertmanager: %w", err)
	}
	return Output{
		Text: text, Templates: a.templates(present),
		Notes: append(missing(a, present), routes.notes...), Secret: inlined || present.inlined,
	}, nil
}

func write(top *yaml.Node, a Alertmanager, present *receivers, routes *routes) (inlined bool, err error) {
	if inlined, err = a.SMTP.write(yamledit.Get(top, "global")); err != nil {
		return false, err
	}
	root := yamledit.Get(top, "route")
	tree, err := routeNodes(routes.tree())
	if err != nil {
		return false, err
	}
	if err := setAll(root, []field{{"receiver", present.fallback()}, {"routes", tree}}); err != nil {
		return false, err
	}
	if a.Muted {
		routes.notes = []string{"muted: Alertmanager tells nobody"}
		yamledit.Remove(root, "routes")
		if err := set(root, "receiver", nobody); err != nil {
			return false, err
		}
	}
	if err := setDuration(root, "group_interval", a.GroupInterval); err != nil {
		return false, err
	}
	if err := setDuration(root, "repeat_interval", a.RepeatInterval); err != nil {
		return false, err
	}
	if err := scale(root, a.Scale, "group_wait", "group_interval", "repeat_interval"); err != nil {
		return false, err
	}
	yamledit.Remove(top, "time_intervals")
	if hours := a.BusinessHours.intervals(); hours != nil {
		if err := set(top, "time_intervals", []any{hours}); err != nil {
			return false, err
		}
	}
	yamledit.Remove(top, "receivers") // last in the file, whatever stood before
	return inlined, set(top, "receivers", present.nodes())
}

// missing notes the receivers of the shipped table that have no values.
func missing(a Alertmanager, present *receivers) []string {
	var notes []string
	for _, name := range Seed() {
		switch {
		case present.has(name):
		case a.Receivers[name].Disabled:
			notes = append(notes, "receiver "+name+" drops out: it is disabled")
		default:
			notes = append(notes, "receiver "+name+" drops out: no values for it")
		}
	}
	return notes
}

func (s SMTP) write(global *yaml.Node) (inlined bool, err error) {
	yamledit.Remove(global, "smtp_smarthost", "smtp_from", "smtp_auth_username", "smtp_auth_password", "smtp_auth_password_file", "smtp_require_tls")
	if s.Smarthost == "" {
		return false, nil
	}
	fields := []field{{"smtp_smarthost", s.Smarthost}, {"smtp_from", s.From}}
	if s.Username != "" {
		r := &resolver{}
		password := r.secret(secret{key: "smtp_auth_password", name: "alertmanager.smtp.password", value: s.Password, file: s.PasswordFile})
		if r.problem != nil {
			return false, r.problem
		}
		inlined = r.inlined
		fields = append(fields, field{"smtp_auth_username", s.Username}, password)
	}
	if s.RequireTLS != nil {
		fields = append(fields, field{"smtp_require_tls", *s.RequireTLS})
	}
	return inlined, setAll(global, fields)
}

// language is what the notifications are written in.
func (a *Alertmanager) language() string {
	if a.Language == "" {
		return "both"
	}
	return a.Language
}
