// SPDX-License-Identifier: Apache-2.0

// Package rules carries the shipped recording and alerting rules: one file per
// component, recording rules before the alerts that read them.
package rules

import "embed"

// Files holds every *.rules.yml of this folder, at the root of the file system.
//
//go:embed *.rules.yml
var Files embed.FS
