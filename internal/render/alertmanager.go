// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Output is a rendered alertmanager.yml.
type Output struct {
	Text []byte
	// Notes say what dropped out, one sentence each, for the person who renders.
	Notes []string
	// Secret says that Text holds a secret: write it with mode 0600.
	Secret bool
}

// AlertmanagerConfig returns alertmanager.yml for an installation. A critical
// alert left without any channel is an error.
func AlertmanagerConfig(source []byte, v Values) (Output, error) {
	if err := v.validate(); err != nil {
		return Output{}, err
	}
	doc, top, err := parse(source)
	if err != nil {
		return Output{}, err
	}
	r := &receiverWriter{values: v.Alertmanager, missing: map[string]bool{}}
	if err := r.writeAll(top); err != nil {
		return Output{}, err
	}
	routes := &routeWriter{missing: r.missing}
	if err := routes.prune(get(top, "route")); err != nil {
		return Output{}, err
	}
	if err := setWaits(get(top, "route"), v.Alertmanager); err != nil {
		return Output{}, err
	}
	text, err := format(doc)
	return Output{Text: text, Notes: append(r.notes, routes.notes...), Secret: r.secret}, err
}

// maxCriticalRepeat bounds how long the next incident of an alert that resolved
// while silenced can stay untold.
const maxCriticalRepeat = model.Duration(time.Hour)

func setWaits(route *yaml.Node, a Alertmanager) error {
	if err := setDuration(route, "group_interval", a.GroupInterval); err != nil {
		return err
	}
	if err := setDuration(route, "repeat_interval", a.RepeatInterval); err != nil {
		return err
	}
	if a.RepeatInterval > 0 && a.RepeatInterval < maxCriticalRepeat {
		if err := setDuration(severityRoute(route, "critical"), "repeat_interval", a.RepeatInterval); err != nil {
			return err
		}
	}
	return scaleRoutes(route, a.Scale)
}

func severityRoute(root *yaml.Node, severity string) *yaml.Node {
	for _, route := range items(get(root, "routes")) {
		for _, matcher := range items(get(route, "matchers")) {
			if matcher.Value == fmt.Sprintf("severity=%q", severity) {
				return route
			}
		}
	}
	return nil
}

func scaleRoutes(route *yaml.Node, factor float64) error {
	if err := scale(route, factor, "group_wait", "group_interval", "repeat_interval"); err != nil {
		return err
	}
	for _, child := range items(get(route, "routes")) {
		if err := scaleRoutes(child, factor); err != nil {
			return err
		}
	}
	return nil
}

// receiverWriter fills in the receivers and takes out those without values.
type receiverWriter struct {
	values  Alertmanager
	missing map[string]bool // names of the receivers that dropped out
	notes   []string
	secret  bool
}

func (w *receiverWriter) writeAll(top *yaml.Node) error {
	if err := w.writeSMTP(get(top, "global")); err != nil {
		return fmt.Errorf("alertmanager.smtp: %w", err)
	}
	all := get(top, "receivers")
	if all == nil {
		return fmt.Errorf("the committed file has no receivers")
	}
	kept := all.Content[:0]
	for _, receiver := range all.Content {
		name := scalar(receiver, "name")
		given, err := w.write(name, receiver)
		if err != nil {
			return fmt.Errorf("alertmanager.receivers.%s: %w", name, err)
		}
		if given {
			kept = append(kept, receiver)
			continue
		}
		w.missing[name] = true
		w.notes = append(w.notes, "receiver "+name+" drops out: no values for it")
	}
	all.Content = kept
	return nil
}

// write fills in one receiver; false means that there are no values for it.
func (w *receiverWriter) write(name string, receiver *yaml.Node) (given bool, err error) {
	r := w.values.Receivers
	switch name {
	case "nobody":
		return true, nil
	case "email_admin":
		return len(r.EmailAdmin.To) > 0, w.writeEmail(receiver, r.EmailAdmin)
	case "slack_dev":
		return r.SlackDev.URL+r.SlackDev.URLFile != "", w.writeSlack(receiver, r.SlackDev)
	case "slack_ops":
		return r.SlackOps.URL+r.SlackOps.URLFile != "", w.writeSlack(receiver, r.SlackOps)
	case "webhook_oncall":
		return r.WebhookOncall.URL+r.WebhookOncall.URLFile != "", w.writeWebhook(receiver, r.WebhookOncall)
	case "watchdog":
		return r.Watchdog.URL+r.Watchdog.URLFile != "", w.writeWebhook(receiver, r.Watchdog)
	case "sms_oncall":
		return r.SMSOncall.PhoneNumber+r.SMSOncall.URL != "", w.writeSMS(receiver, r.SMSOncall)
	case "push_oncall":
		return r.PushOncall.UserKey+r.PushOncall.UserKeyFile != "", w.writePush(receiver, r.PushOncall)
	}
	return false, fmt.Errorf("no values are known for this receiver of the committed file")
}

func (w *receiverWriter) writeSMTP(global *yaml.Node) error {
	s := w.values.SMTP
	remove(global, "smtp_auth_username", "smtp_auth_password_file")
	if s.Smarthost == "" {
		remove(global, "smtp_smarthost", "smtp_from")
		return nil
	}
	fields := []field{{"smtp_smarthost", s.Smarthost}, {"smtp_from", s.From}}
	if s.Username != "" {
		fields = append(fields, field{"smtp_auth_username", s.Username})
		fields = append(fields, w.secretField("smtp_auth_password", s.Password, s.PasswordFile))
	}
	if s.RequireTLS != nil {
		fields = append(fields, field{"smtp_require_tls", *s.RequireTLS})
	}
	return setAll(global, fields)
}

func (w *receiverWriter) writeEmail(receiver *yaml.Node, e Email) error {
	return setAll(first(receiver, "email_configs"), []field{{"to", strings.Join(e.To, ", ")}})
}

func (w *receiverWriter) writeSlack(receiver *yaml.Node, s Slack) error {
	config := first(receiver, "slack_configs")
	fields := []field{w.secretField("api_url", s.URL, s.URLFile)}
	if s.Channel != "" {
		fields = append(fields, field{"channel", s.Channel})
	}
	if s.URL != "" {
		remove(config, "api_url_file")
	}
	return setAll(config, fields)
}

func (w *receiverWriter) writeWebhook(receiver *yaml.Node, h Webhook) error {
	config := first(receiver, "webhook_configs")
	url, err := w.fileOrInline("url", h.URL, h.URLFile)
	if err != nil {
		return err
	}
	if url.key != "url" {
		remove(config, "url")
	}
	remove(config, "http_config")
	fields := []field{url}
	if h.Token+h.TokenFile != "" {
		credentials := w.secretField("credentials", h.Token, h.TokenFile)
		authorization := map[string]any{credentials.key: credentials.value}
		fields = append(fields, field{"http_config", map[string]any{"authorization": authorization}})
	}
	return setAll(config, fields)
}

func (w *receiverWriter) writeSMS(receiver *yaml.Node, s SMS) error {
	if s.URL != "" {
		remove(receiver, "sns_configs")
		return set(receiver, "webhook_configs", []map[string]any{{"url": s.URL, "send_resolved": true}})
	}
	config := first(receiver, "sns_configs")
	if s.APIURL != "" {
		if err := set(config, "api_url", s.APIURL); err != nil {
			return err
		}
	}
	var signing []field
	if s.Region != "" {
		signing = append(signing, field{"region", s.Region})
	}
	if s.AccessKey != "" {
		w.secret = true
		signing = append(signing, field{"access_key", s.AccessKey}, field{"secret_key", s.SecretKey})
	}
	if err := setAll(get(config, "sigv4"), signing); err != nil {
		return err
	}
	return set(config, "phone_number", s.PhoneNumber)
}

func (w *receiverWriter) writePush(receiver *yaml.Node, p Push) error {
	config := first(receiver, "pushover_configs")
	remove(config, "user_key", "token")
	user, err := w.fileOrInline("user_key", p.UserKey, p.UserKeyFile)
	if err != nil {
		return err
	}
	token, err := w.fileOrInline("token", p.Token, p.TokenFile)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(user.key, "_file") || !strings.HasSuffix(token.key, "_file") {
		w.secret = true
	}
	return setAll(config, []field{user, token})
}

// secretField names a secret that every supported version reads from a file.
func (w *receiverWriter) secretField(key, value, file string) field {
	if file != "" {
		return field{key + "_file", file}
	}
	w.secret = w.secret || value != ""
	return field{key, value}
}

// firstWithFiles is the minor version from which webhooks and Pushover read
// their secrets from files.
const firstWithFiles = 26

// fileOrInline is secretField for what old versions cannot read from a file:
// there, the file's content goes into the configuration.
func (w *receiverWriter) fileOrInline(key, value, file string) (field, error) {
	if file == "" {
		return field{key, value}, nil
	}
	if w.minor() >= firstWithFiles {
		return field{key + "_file", file}, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return field{}, fmt.Errorf("%s_file: %w", key, err)
	}
	w.secret = true
	return field{key, strings.TrimSpace(string(content))}, nil
}

func (w *receiverWriter) minor() int {
	match := version.FindStringSubmatch(w.values.Version)
	if match == nil {
		return 25
	}
	minor, _ := strconv.Atoi(match[1]) // up to four digits, by the expression
	return minor
}

type field struct {
	key   string
	value any
}

func setAll(m *yaml.Node, fields []field) error {
	for _, f := range fields {
		if err := set(m, f.key, f.value); err != nil {
			return err
		}
	}
	return nil
}

// first returns the first configuration of a kind in a receiver.
func first(receiver *yaml.Node, kind string) *yaml.Node {
	if all := items(get(receiver, kind)); len(all) > 0 {
		return all[0]
	}
	return nil
}
