// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package main

// addUp adds nothing: the servers are run on unix only.
func (c *cli) addUp() {}
