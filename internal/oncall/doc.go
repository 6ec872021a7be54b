// SPDX-License-Identifier: Apache-2.0

// Package oncall does what a person on call does with an alert: acknowledge it,
// take that back, escalate it to somebody. It keeps no state: acknowledgements
// are silences, escalations are alerts, both kept by Alertmanager, and every
// call may be made by several programs at once.
//
// [Cluster.Reconcile] is to be called every minute or so. It prolongs what
// should last as long as its alert, and ends what should end with it.
package oncall
