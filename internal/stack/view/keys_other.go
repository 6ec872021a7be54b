// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package view

// singleKeys leaves the terminal as it is: keys count after Enter.
func singleKeys(int) (restore func(), err error) { return func() {}, nil }
