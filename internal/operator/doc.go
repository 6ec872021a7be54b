// SPDX-License-Identifier: Apache-2.0

// Package operator writes rules, routes and templates as objects of the
// Prometheus Operator for Kubernetes, out of the files that package render
// gives. Nothing is decided here: the same files in another form.
package operator
