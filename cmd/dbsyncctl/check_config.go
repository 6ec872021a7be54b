// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/internal/exporter"
)

func (c *cli) addCheckConfig(group *kingpin.CmdClause) {
	command := group.Command("config", "Check the exporter's configuration, as dbsync_exporter --config.check does.")
	files := filesArg(command)
	c.does(command, func(_ context.Context, std stdio) error { return checkEach(*files, std, checkConfig) })
}

func checkConfig(path string) (string, error) {
	var loaded *config.Config
	err := exporter.Check(exporter.Options{Load: func() (_ *config.Config, err error) {
		loaded, err = config.Load(path, config.Options{Known: exporter.Known()})
		return loaded, err
	}})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("database servers: %d", len(loaded.Targets())), nil
}
