// SPDX-License-Identifier: Apache-2.0

package host

// processID tells a process from a later one that got its number.
type processID struct {
	pid   int
	ticks uint64 // from boot to its start
}
