// SPDX-License-Identifier: Apache-2.0

// Package grafana carries the dashboards as Grafana loads them and the files
// that provision them, so that a single binary can write both.
//
// The JSON is generated: change grafana/board, then run "make dashboards".
package grafana

import "embed"

//go:generate go run ./generate -out dashboards

// Dashboards holds dashboards/<uid>.json, in English.
//
//go:embed dashboards/*.json
var Dashboards embed.FS

// Provisioning holds provisioning/datasources/*.yml and
// provisioning/dashboards/*.yml.
//
//go:embed provisioning/*/*.yml
var Provisioning embed.FS
