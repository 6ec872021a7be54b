// SPDX-License-Identifier: Apache-2.0

// Package dash holds the part of Grafana's classic dashboard JSON that this
// project writes: plain structs whose field order is the order of the output,
// so that the same Go value always gives the same bytes.
//
// Why own types and not grafana-foundation-sdk: the SDK marks its classic
// dashboard as deprecated (Grafana 10 and 11 cannot read the v2 model that it
// prefers), and what it builds needs a second pass for every field that Grafana
// gets wrong without help: panel ids, refIds, the current value of the data
// source variable, link placement, stat orientation, the schema version. The
// structs below are shorter than that pass would be.
//
// Only fields that Grafana 10 knows are here. Grafana 11 to 13 migrate upward
// when they load a dashboard.
package dash
