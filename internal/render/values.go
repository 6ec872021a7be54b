// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Values is what differs between installations. The zero value of a field
// leaves the committed file as it is; a receiver without values drops out.
type Values struct {
	Alertmanager Alertmanager `yaml:"alertmanager"`
	Prometheus   Prometheus   `yaml:"prometheus"`
	Rules        Rules        `yaml:"rules"`
}

// Alertmanager is how notifications are sent, and after which waits.
type Alertmanager struct {
	// Version is the Alertmanager that reads the result, as "0.25" or "0.33.1".
	// Before 0.26 the secrets that it cannot read from files are written into
	// the configuration. Empty means the oldest that is supported, 0.25.
	Version   string    `yaml:"version"`
	SMTP      SMTP      `yaml:"smtp"`
	Receivers Receivers `yaml:"receivers"`
	// Scale multiplies every wait and interval; 0 means 1.
	Scale float64 `yaml:"scale"`
	// GroupInterval is how soon a change of a live group is told, before Scale.
	GroupInterval model.Duration `yaml:"group_interval"`
	// RepeatInterval is how often a standing alert is told again, before Scale;
	// critical ones are told again at least hourly whatever it says.
	RepeatInterval model.Duration `yaml:"repeat_interval"`
}

// SMTP is the mail server that email_admin sends through.
type SMTP struct {
	Smarthost    string `yaml:"smarthost"` // host:port
	From         string `yaml:"from"`
	Username     string `yaml:"username"` // empty: no authentication
	Password     string `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
	RequireTLS   *bool  `yaml:"require_tls"` // nil: true, as in Alertmanager
}

// Receivers has one member per receiver of alertmanager.yml.
type Receivers struct {
	EmailAdmin    Email   `yaml:"email_admin"`
	SlackDev      Slack   `yaml:"slack_dev"`
	SlackOps      Slack   `yaml:"slack_ops"`
	WebhookOncall Webhook `yaml:"webhook_oncall"`
	SMSOncall     SMS     `yaml:"sms_oncall"`
	PushOncall    Push    `yaml:"push_oncall"`
	Watchdog      Webhook `yaml:"watchdog"`
}

// Email is where a mail receiver sends to.
type Email struct {
	To []string `yaml:"to"`
}

// Slack is an incoming webhook of Slack, or of what speaks like it.
type Slack struct {
	URL     string `yaml:"url"`
	URLFile string `yaml:"url_file"`
	Channel string `yaml:"channel"` // empty: as committed
}

// Webhook is an address that takes Alertmanager's JSON.
type Webhook struct {
	URL       string `yaml:"url"`
	URLFile   string `yaml:"url_file"`
	Token     string `yaml:"token"` // sent as a bearer token
	TokenFile string `yaml:"token_file"`
}

// SMS is a phone number behind Amazon SNS, or the URL of a gateway that takes
// Alertmanager's JSON.
type SMS struct {
	PhoneNumber string `yaml:"phone_number"` // +15555550100
	Region      string `yaml:"region"`
	AccessKey   string `yaml:"access_key"` // empty: AWS' usual chain
	SecretKey   string `yaml:"secret_key"`
	APIURL      string `yaml:"api_url"` // empty: AWS
	URL         string `yaml:"url"`
}

// Push is a Pushover user or group.
type Push struct {
	UserKey     string `yaml:"user_key"`
	UserKeyFile string `yaml:"user_key_file"`
	Token       string `yaml:"token"`
	TokenFile   string `yaml:"token_file"`
}

// Prometheus is what is scraped, where and how often.
type Prometheus struct {
	Address       string   `yaml:"address"`       // its own, for the scrape of itself
	Exporter      string   `yaml:"exporter"`      // host:port of dbsync_exporter
	Instance      string   `yaml:"instance"`      // name of the exporter's default target
	Targets       []string `yaml:"targets"`       // names of its further targets
	Alertmanagers []string `yaml:"alertmanagers"` // host:port of each member
	// ScrapeInterval is that of the exporter; its timeout follows.
	ScrapeInterval     model.Duration `yaml:"scrape_interval"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
}

// Rules changes the waits and the links of the shipped rules, never what they
// mean.
type Rules struct {
	// Scale multiplies for, keep_firing_for and the groups' intervals; 0 means
	// 1. Ranges inside expressions stay.
	Scale float64 `yaml:"scale"`
	// GrafanaURL replaces the base of dashboard_url, RunbookURL the folder of
	// runbook_url.
	GrafanaURL string `yaml:"grafana_url"`
	RunbookURL string `yaml:"runbook_url"`
}

// Load reads values from a YAML file. A key that is not known is an error that
// names its line: a mistyped receiver must not drop out silently.
func Load(path string) (Values, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Values{}, err
	}
	v, err := Parse(text)
	if err != nil {
		return Values{}, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// Parse is [Load] for text at hand.
func Parse(text []byte) (Values, error) {
	var v Values
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&v); err != nil && !errors.Is(err, io.EOF) {
		return Values{}, err
	}
	return v, v.validate()
}

var version = regexp.MustCompile(`^0\.(\d{1,4})(\.\d+)*$`)

func (v *Values) validate() error {
	a := &v.Alertmanager
	switch {
	case a.Scale < 0 || v.Rules.Scale < 0:
		return errors.New("scale: must be positive")
	case a.Version != "" && !version.MatchString(a.Version):
		return fmt.Errorf("alertmanager.version: %q is not of the form 0.25 or 0.33.1", a.Version)
	case len(a.Receivers.EmailAdmin.To) > 0 && (a.SMTP.Smarthost == "" || a.SMTP.From == ""):
		return errors.New("alertmanager.receivers.email_admin: needs alertmanager.smtp.smarthost and from")
	}
	return a.Receivers.validate()
}

// validate refuses what is given twice or by half: a channel that would fail
// only when an alert needs it.
func (r *Receivers) validate() error {
	pairs := []struct{ path, value, file string }{
		{"slack_dev.url", r.SlackDev.URL, r.SlackDev.URLFile},
		{"slack_ops.url", r.SlackOps.URL, r.SlackOps.URLFile},
		{"webhook_oncall.url", r.WebhookOncall.URL, r.WebhookOncall.URLFile},
		{"webhook_oncall.token", r.WebhookOncall.Token, r.WebhookOncall.TokenFile},
		{"watchdog.url", r.Watchdog.URL, r.Watchdog.URLFile},
		{"watchdog.token", r.Watchdog.Token, r.Watchdog.TokenFile},
		{"push_oncall.user_key", r.PushOncall.UserKey, r.PushOncall.UserKeyFile},
		{"push_oncall.token", r.PushOncall.Token, r.PushOncall.TokenFile},
	}
	for _, p := range pairs {
		if p.value != "" && p.file != "" {
			return fmt.Errorf("alertmanager.receivers.%s: given as a value and as a file; keep one", p.path)
		}
	}
	push := r.PushOncall
	if (push.UserKey+push.UserKeyFile == "") != (push.Token+push.TokenFile == "") {
		return errors.New("alertmanager.receivers.push_oncall: needs both a user key and a token")
	}
	if r.SMSOncall.URL != "" && r.SMSOncall.PhoneNumber != "" {
		return errors.New("alertmanager.receivers.sms_oncall: phone_number sends by SNS, url by a gateway; keep one")
	}
	return nil
}
