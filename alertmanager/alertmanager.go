// SPDX-License-Identifier: Apache-2.0

// Package alertmanager carries the shipped Alertmanager configuration and the
// templates of its notifications.
package alertmanager

import "embed"

// ConfigName is the path of the configuration in [Files].
const ConfigName = "alertmanager.yml"

// ValuesName is the path of the values that give it, every channel among them.
const ValuesName = "values.yml"

// Files holds alertmanager.yml, values.yml and templates/*.tmpl, in the layout
// in which Alertmanager expects them.
//
//go:embed alertmanager.yml values.yml templates/*.tmpl
var Files embed.FS
