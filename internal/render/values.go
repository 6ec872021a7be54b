// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/thresholds"
)

// Values is what differs between installations. The zero value of a field
// leaves the committed file as it is; a receiver without values drops out.
type Values struct {
	Alertmanager Alertmanager `yaml:"alertmanager"`
	Prometheus   Prometheus   `yaml:"prometheus"`
	Rules        Rules        `yaml:"rules"`
}

// Alertmanager is who is told, how, and after which waits.
type Alertmanager struct {
	// Version is the Alertmanager that reads the result, as "0.25" or "0.33.1".
	// Secrets that it cannot read from files are written into the
	// configuration. Empty means the oldest that is supported, 0.25.
	Version string `yaml:"version"`
	// Muted tells nobody of anything: Alertmanager takes alerts and shows them.
	Muted bool `yaml:"muted"`
	// Timeout bounds one attempt of Slack (Alertmanager 0.30), PagerDuty (0.30)
	// and webhooks (0.28); 0 leaves it to the group's interval.
	Timeout model.Duration `yaml:"timeout"`
	// Language is that of the notifications: both, en or zh. Empty means both.
	Language string `yaml:"language"`
	// OncallURL is the on-call page (`dbsyncctl serve`), where the links to
	// acknowledge lead. Empty: they lead to Alertmanager's form for a silence.
	OncallURL string `yaml:"oncall_url"`

	SMTP SMTP `yaml:"smtp"`
	// Receivers are the channels and people by name. The names of the shipped
	// routing table are [Seed]; rows and escalation may name others. "watchdog"
	// is the dead man's switch.
	Receivers map[string]Receiver `yaml:"receivers"`

	// Rows is the routing table; the first row that matches counts. nil means
	// [DefaultRows].
	Rows []Row `yaml:"rows"`
	// Escalation is who is told of every critical alert beyond its row, unless
	// told already. nil means [DefaultEscalation], empty nobody.
	Escalation []Level `yaml:"escalation"`

	// BusinessHours is what "during: business_hours" and "off_hours" mean.
	BusinessHours BusinessHours `yaml:"business_hours"`
	// Warnings says when warnings are told: always (the default) or
	// business_hours; then what fires in the night is told in the morning, if it
	// still fires.
	Warnings string `yaml:"warnings"`

	// Scale multiplies every wait and interval; 0 means 1.
	Scale float64 `yaml:"scale"`
	// GroupInterval is how soon a change of a live group is told, before Scale.
	GroupInterval model.Duration `yaml:"group_interval"`
	// RepeatInterval is how often a standing alert is told again, before Scale;
	// critical ones are told again at least hourly whatever it says.
	RepeatInterval model.Duration `yaml:"repeat_interval"`
}

// SMTP is the mail server of all email channels.
type SMTP struct {
	Smarthost    string `yaml:"smarthost"` // host:port
	From         string `yaml:"from"`
	Username     string `yaml:"username"` // empty: no authentication
	Password     string `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
	RequireTLS   *bool  `yaml:"require_tls"` // nil: true, as in Alertmanager
	// CAFile verifies the server instead of the system's authorities.
	CAFile string `yaml:"ca_file"`
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

// Rules changes the waits, the links and the declared thresholds of the shipped
// rules.
type Rules struct {
	// Thresholds are the numbers by which rules fire, by rule_id.
	Thresholds thresholds.Values `yaml:"thresholds"`
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

func (v *Values) validate() error {
	a := &v.Alertmanager
	if a.Scale < 0 || v.Rules.Scale < 0 {
		return errors.New("scale: must be positive")
	}
	if _, err := a.minor(); err != nil {
		return err
	}
	switch a.Language {
	case "", "both", "en", "zh":
	default:
		return fmt.Errorf("alertmanager.language: %q is none of both, en, zh", a.Language)
	}
	switch a.Warnings {
	case "", "always", businessHours:
	default:
		return fmt.Errorf("alertmanager.warnings: %q is neither always nor %s", a.Warnings, businessHours)
	}
	if a.Warnings == businessHours && a.BusinessHours.Location == "" {
		return errors.New("alertmanager.business_hours.location: needed, because warnings are for business hours")
	}
	if err := a.BusinessHours.validate(); err != nil {
		return fmt.Errorf("alertmanager.business_hours: %w", err)
	}
	// Secrets in files are read only where a version needs them inlined.
	if _, err := newReceivers(*a, newest); err != nil {
		return err
	}
	return a.validateRouting()
}

var version = regexp.MustCompile(`^0\.(\d{1,4})(\.\d+)*$`)

const (
	oldest = 25   // the first supported minor version of Alertmanager 0.x
	newest = 9999 // knows everything
)

// minor returns the n of Alertmanager 0.n.
func (a *Alertmanager) minor() (int, error) {
	if a.Version == "" {
		return oldest, nil
	}
	match := version.FindStringSubmatch(a.Version)
	if match == nil {
		return 0, fmt.Errorf("alertmanager.version: %q is not of the form 0.25 or 0.33.1", a.Version)
	}
	minor, _ := strconv.Atoi(match[1]) // up to four digits, by the expression
	if minor < oldest {
		return 0, fmt.Errorf("alertmanager.version: %s is older than 0.%d, the oldest that is supported", a.Version, oldest)
	}
	return minor, nil
}
