// SPDX-License-Identifier: Apache-2.0

package envfile

import (
	"errors"
	"fmt"
	"net"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/internal/render"
)

// Result is what variables became, beside the values.
type Result struct {
	// Files are secrets (mode 0600) and flags, one a line, in the form that
	// Prometheus and Alertmanager read with @FILE.
	Files []render.File
	// Report has a line for each variable that was given, in the order of [All],
	// one for each that is not known, and one for each file of flags. It shows no
	// secret.
	Report []string
}

// Apply puts what the variables say into the values, over what stands there.
// The folder is where Alertmanager will see the files that are written below
// alertmanager/, an absolute path.
func Apply(variables []Variable, folder string, v *render.Values) (Result, error) {
	s := newSettings(variables)
	if !s.boolean("MONITORING_ENABLED", true) && s.problem == nil {
		return Result{}, errors.New("MONITORING_ENABLED is false: nothing was written")
	}
	r := Result{}
	r.receivers(s, folder, v)
	r.timing(s, v)
	flags := r.flags(s)
	if s.problem != nil {
		return Result{}, s.problem
	}
	r.report(variables)
	r.Report = append(r.Report, flags...)
	return r, nil
}

// secret hands a variable's value over as a file and returns where that will be.
func (r *Result) secret(s *settings, folder, name, file string) string {
	if !s.has(name) {
		return ""
	}
	r.Files = append(r.Files, render.File{
		Path: "alertmanager/secrets/" + file, Text: []byte(s.text(name) + "\n"), Mode: 0o600,
	})
	return path.Join(folder, "secrets", file)
}

func (r *Result) receivers(s *settings, folder string, v *render.Values) {
	a := &v.Alertmanager
	add := func(name string, receiver render.Receiver) {
		if a.Receivers == nil {
			a.Receivers = map[string]render.Receiver{}
		}
		a.Receivers[name] = receiver
	}
	if s.has("SMTP_HOST") {
		to := r.mail(s, folder, &a.SMTP)
		add("email_admin", render.Receiver{Email: &render.Email{To: to}})
	}
	for _, team := range []string{"dev", "ops"} {
		name := "SLACK_WEBHOOK_" + strings.ToUpper(team)
		s.address(name)
		if file := r.secret(s, folder, name, "slack_"+team+"_url"); file != "" {
			add("slack_"+team, render.Receiver{Slack: &render.Slack{URLFile: file}})
		}
	}
	if address := s.address("ONCALL_WEBHOOK_URL"); address != "" {
		token := r.secret(s, folder, "ONCALL_API_TOKEN", "oncall_token")
		add("webhook_oncall", render.Receiver{Webhook: &render.Webhook{URL: address, TokenFile: token}})
	} else if s.has("ONCALL_API_TOKEN") {
		s.fail("ONCALL_API_TOKEN", errors.New("is sent nowhere, because ONCALL_WEBHOOK_URL is not set"))
	}
}

// mail returns who is written to.
func (r *Result) mail(s *settings, folder string, smtp *render.SMTP) (to []string) {
	port := s.number("SMTP_PORT", 587, 1, 65535)
	smtp.Smarthost = net.JoinHostPort(s.host("SMTP_HOST", ""), strconv.Itoa(port))
	smtp.Username = s.text("SMTP_USER")
	if smtp.Password == "" {
		smtp.PasswordFile = r.secret(s, folder, "SMTP_PASS", "smtp_password")
	}
	if smtp.Username != "" && smtp.PasswordFile == "" {
		s.fail("SMTP_USER", errors.New("needs SMTP_PASS; leave both empty for a server that asks for no login"))
	}
	if s.has("SMTP_REQUIRE_TLS") {
		required := s.boolean("SMTP_REQUIRE_TLS", true)
		smtp.RequireTLS = &required
	}
	from := s.mailboxes("SMTP_FROM")
	to = s.mailboxes("ALERT_EMAIL_TO")
	if user := s.text("SMTP_USER"); strings.Contains(user, "@") {
		if from == nil {
			from = s.mailboxes("SMTP_USER")
		}
		if to == nil {
			to = s.mailboxes("SMTP_USER")
		}
	}
	switch {
	case len(from) != 1:
		s.fail("SMTP_FROM", errors.New("must be the one address that mails come from, unless SMTP_USER is one"))
		return to
	case len(to) == 0:
		s.fail("ALERT_EMAIL_TO", errors.New("must say who is written to, unless SMTP_USER is a mail address"))
	}
	smtp.From = from[0]
	return to
}

func (r *Result) timing(s *settings, v *render.Values) {
	v.Alertmanager.Muted = !s.boolean("ALERT_ENABLED", !v.Alertmanager.Muted)
	// Longer than a minute, and the rules would outlive what they look at.
	if d := s.duration("ALERT_EVALUATION_INTERVAL", time.Second, time.Minute); d > 0 {
		v.Prometheus.EvaluationInterval = d
	}
	if d := s.duration("ALERT_NOTIFICATION_TIMEOUT", time.Second, 5*time.Minute); d > 0 {
		v.Alertmanager.Timeout = d
	}
}

// flags returns a line of the report for each file.
func (r *Result) flags(s *settings) (report []string) {
	flag := func(file, line string) {
		r.Files = append(r.Files, render.File{Path: file, Text: []byte(line + "\n"), Mode: 0o644})
		report = append(report, file+": "+line)
	}
	const tenYears = 3650
	history := s.number("ALERT_HISTORY_RETENTION_DAYS", 90, 1, tenYears)
	samples := max(s.number("METRICS_RETENTION_DAYS", history, 1, tenYears), history)
	s.number("LOG_RETENTION_DAYS", 7, 1, tenYears)
	flag("prometheus/prometheus.flags", fmt.Sprintf("--storage.tsdb.retention.time=%dd", samples))
	flag("alertmanager/alertmanager.flags", fmt.Sprintf("--data.retention=%dh", 24*history))
	if s.has("MONITORING_PORT") || s.has("MONITORING_HOST") {
		listen := net.JoinHostPort(s.host("MONITORING_HOST", "127.0.0.1"), strconv.Itoa(s.number("MONITORING_PORT", 3001, 1, 65535)))
		flag("serve.flags", "--web.listen-address="+listen)
	}
	return report
}

func (r *Result) report(variables []Variable) {
	given := map[string]Variable{}
	for _, v := range variables {
		given[v.Name] = v
	}
	for _, k := range All() {
		v, ok := given[k.Name]
		switch {
		case !ok:
			continue
		case v.Value == "":
			r.line("%s is empty", k.Name)
		case k.secret:
			r.line("%s: %s", k.Name, k.Became)
		default:
			r.line("%s=%s: %s", k.Name, v.Value, k.Became)
		}
		delete(given, k.Name)
	}
	for _, v := range variables {
		if _, left := given[v.Name]; left {
			r.line("line %d: %s means nothing here and is left out", v.Line, v.Name)
		}
	}
}

func (r *Result) line(format string, args ...any) {
	r.Report = append(r.Report, strings.ReplaceAll(fmt.Sprintf(format, args...), "`", ""))
}
