// SPDX-License-Identifier: Apache-2.0

// Package envfile turns the environment variables that this project began with
// (MONITORING_PORT, SMTP_HOST, SLACK_WEBHOOK_DEV, METRICS_RETENTION_DAYS ...)
// into what the programs of today read: values for package render, files for
// secrets, flags for Prometheus and Alertmanager. Neither of those expands
// environment variables itself.
package envfile
