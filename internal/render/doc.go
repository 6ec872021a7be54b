// SPDX-License-Identifier: Apache-2.0

// Package render adapts the shipped Prometheus and Alertmanager files to one
// installation. It parses the committed YAML, sets the values at known places
// and writes it out again, so that there is one source of truth and its
// comments stay. Routes, matchers and expressions are never invented here.
package render
