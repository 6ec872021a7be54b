// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/alecthomas/kingpin/v2"
	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/template"
)

const checkAlertmanagerHelp = `It is checked as the newest Alertmanager does, templates included. An older one may refuse what is newer than it is: see
"dbsyncctl render --alertmanager.version".`

func (c *cli) addCheckAlertmanager(group *kingpin.CmdClause) {
	command := group.Command("alertmanager", "Check Alertmanager's configuration and its templates.").HelpLong(checkAlertmanagerHelp)
	files := filesArg(command)
	c.does(command, func(_ context.Context, std stdio) error { return checkEach(*files, std, checkAlertmanager) })
}

func checkAlertmanager(path string) (string, error) {
	loaded, err := amconfig.LoadFile(path)
	if err != nil {
		return "", located(path, err)
	}
	for _, pattern := range loaded.Templates {
		found, err := filepath.Glob(pattern)
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("templates: no file matches %s", pattern)
		}
		if err != nil {
			return "", located(path, err)
		}
	}
	if _, err := template.FromGlobs(loaded.Templates); err != nil {
		return "", located(path, err)
	}
	return fmt.Sprintf("%d receivers, %d inhibitions", len(loaded.Receivers), len(loaded.InhibitRules)), nil
}
