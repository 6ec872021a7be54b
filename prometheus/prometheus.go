// SPDX-License-Identifier: Apache-2.0

// Package prometheus carries the shipped Prometheus configuration, so that a single
// binary can write it where Prometheus expects it.
package prometheus

import _ "embed"

// Config is prometheus.yml as committed: one exporter, one Prometheus and one
// Alertmanager, all on this machine. Package render adapts it to other places.
//
//go:embed prometheus.yml
var Config []byte
