// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package main

import "github.com/alecthomas/kingpin/v2"

// addUp, addRun and addBackupRestoreTest add nothing: servers and wrapped commands take process groups and signals of unix.
func (c *cli) addUp()  {}
func (c *cli) addRun() {}

func (c *cli) addBackupRestoreTest(*kingpin.CmdClause) {}
