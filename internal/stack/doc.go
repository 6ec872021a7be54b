// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package stack runs the whole system on this machine, for `dbsyncctl up` and for end-to-end tests: a MariaDB with the
// demo company of package erp at work (or the user's own server), the exporter, Prometheus and Alertmanager with the
// shipped files, and receivers that stand in for the mail server, Slack and the webhooks.
//
// Files differ from the shipped ones only by values of package render: ports, addresses and waits. Servers are children
// that cannot outlive this process (package proc); all files are below one folder. A folder that a killed process left
// behind is removed by the next start.
package stack
