// SPDX-License-Identifier: Apache-2.0

// Package endurance holds the tests that do to the built programs what a bad night does: kill -9 at random moments.
//
// CI kills 15 times; `go test ./internal/endurance -kills 200 -v` does it as often as is wanted. The moments are of a
// seed, which is printed: -seed repeats them, as far as a machine repeats itself.
package endurance
