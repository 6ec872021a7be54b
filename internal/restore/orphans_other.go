// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package restore

// endOrphans leaves processes alone: only Linux tells surely which one works in the folder. A server that lost its
// folder ends by itself.
func endOrphans(string) error { return nil }
