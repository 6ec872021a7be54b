// SPDX-License-Identifier: Apache-2.0

// Package golden holds the whole exporter against real servers, with the account
// that docs/grants.md describes and nothing else: the families that it gives of
// each server (testdata), what it costs the server, and what it does when the
// server is slow, locked or stuck.
//
// A server of a version that was not seen before fails TestFamilies. When what it
// gives is right, record it with
//
//	go test ./internal/golden -run TestFamilies -update
package golden
