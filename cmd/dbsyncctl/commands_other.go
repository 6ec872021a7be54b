// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package main

// addUp and addRun add nothing: servers and wrapped commands take process groups and signals of unix.
func (c *cli) addUp()  {}
func (c *cli) addRun() {}
