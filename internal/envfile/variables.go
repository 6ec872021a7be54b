// SPDX-License-Identifier: Apache-2.0

package envfile

import (
	"fmt"
	"slices"
	"strings"
)

// Known is a variable that means something here.
type Known struct {
	Name    string
	Example string
	// Became says what the variable is today, in Markdown, for the reference.
	Became string
	secret bool // its value is never printed
	// placeholder says that the example cannot be meant: copied as it is, it is
	// a mistake.
	placeholder bool
}

// All lists the variables, in the order in which they were first written down;
// those that this project added come last.
func All() []Known {
	const influx = "nothing: Prometheus stores the samples. A copy elsewhere is `remote_write`"
	return []Known{
		{Name: "MONITORING_ENABLED", Example: "true", Became: "`false`: `render` writes nothing and fails, so that nothing starts"},
		{Name: "MONITORING_PORT", Example: "3001", Became: "`--web.listen-address` in `serve.flags`, for the API that the health script asks"},
		{Name: "MONITORING_HOST", Example: "0.0.0.0", Became: "the same; 127.0.0.1 when it is not set"},
		{Name: "INFLUXDB_URL", Example: "http://localhost:8086", Became: influx},
		{Name: "INFLUXDB_TOKEN", Example: "your_influxdb_token", Became: influx, secret: true},
		{Name: "INFLUXDB_ORG", Example: "easy-erp", Became: influx},
		{Name: "INFLUXDB_BUCKET", Example: "monitoring", Became: influx},
		{Name: "ALERT_ENABLED", Example: "true", Became: "`false`: Alertmanager tells nobody; rules are evaluated and shown as before"},
		{Name: "ALERT_EVALUATION_INTERVAL", Example: "30s", Became: "`evaluation_interval` in `prometheus.yml`; rule groups that page within seconds keep their own 10s"},
		{Name: "ALERT_NOTIFICATION_TIMEOUT", Example: "30s", Became: "`timeout` of Slack and webhooks, where Alertmanager knows it (0.30, 0.28)"},
		{Name: "SMTP_HOST", Example: "smtp.gmail.com", Became: "`smtp_smarthost` in `alertmanager.yml`"},
		{Name: "SMTP_PORT", Example: "587", Became: "the same; 465 is TLS from the first byte"},
		{Name: "SMTP_USER", Example: "alerts@company.com", Became: "`smtp_auth_username`, and `smtp_from` unless SMTP_FROM is set"},
		{Name: "SMTP_PASS", Example: "your_smtp_password", Became: "`secrets/smtp_password`, read by `smtp_auth_password_file`", secret: true, placeholder: true},
		{Name: "SLACK_WEBHOOK_DEV", Example: "https://hooks.slack.com/services/...", Became: "`secrets/slack_dev_url`, read by receiver `slack_dev`", secret: true, placeholder: true},
		{Name: "SLACK_WEBHOOK_OPS", Example: "https://hooks.slack.com/services/...", Became: "`secrets/slack_ops_url`, read by receiver `slack_ops`", secret: true, placeholder: true},
		{Name: "ONCALL_WEBHOOK_URL", Example: "https://oncall.company.com/api/alerts", Became: "`url` of receiver `webhook_oncall`", secret: true},
		{Name: "ONCALL_API_TOKEN", Example: "your_oncall_token", Became: "`secrets/oncall_token`, sent by `webhook_oncall` as a bearer token", secret: true, placeholder: true},
		{Name: "METRICS_RETENTION_DAYS", Example: "30", Became: "`--storage.tsdb.retention.time` in `prometheus/prometheus.flags`; never less than the next one, because Prometheus holds the history of alerts"},
		{Name: "ALERT_HISTORY_RETENTION_DAYS", Example: "90", Became: "`--data.retention` in `alertmanager/alertmanager.flags`, in hours; and the one before. 90 when it is not set"},
		{Name: "LOG_RETENTION_DAYS", Example: "7", Became: "nothing here: dbsync counts lines and stores none. It is the retention of your log store, as in deploy/logs"},
		{Name: "ALERT_EMAIL_TO", Example: "admin@company.com,dba@company.com", Became: "`to` of receiver `email_admin`; SMTP_USER when it is not set"},
		{Name: "SMTP_FROM", Example: "alerts@company.com", Became: "`smtp_from`"},
		{Name: "SMTP_REQUIRE_TLS", Example: "true", Became: "`smtp_require_tls`; `false` only for a relay on the same machine"},
	}
}

// known returns the variable of a name.
func known(name string) (Known, bool) {
	all := All()
	i := slices.IndexFunc(all, func(k Known) bool { return k.Name == name })
	if i < 0 {
		return Known{}, false
	}
	return all[i], true
}

// Table writes the variables as a Markdown table.
func Table() string {
	var out strings.Builder
	out.WriteString("| variable | for example | what it is today |\n| --- | --- | --- |\n")
	for _, k := range All() {
		fmt.Fprintf(&out, "| `%s` | `%s` | %s |\n", k.Name, k.Example, k.Became)
	}
	return out.String()
}

// Select keeps those of an environment (os.Environ) that are known. Those that
// are set to nothing count as not set, as Compose passes them.
func Select(environ []string) []Variable {
	var all []Variable
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if _, ok := known(name); ok && value != "" {
			all = append(all, Variable{Name: name, Value: value})
		}
	}
	slices.SortFunc(all, func(a, b Variable) int { return strings.Compare(a.Name, b.Name) })
	return all
}
