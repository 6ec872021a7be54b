// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"github.com/easy-erp/dbsync/internal/rulefile"
)

const checkRulesHelp = `Beyond what Prometheus itself refuses, an alert without the label severity is an error: the shipped routes tell people by
it (critical, warning, info).`

func (c *cli) addCheckRules(group *kingpin.CmdClause) {
	command := group.Command("rules", "Check rule files, as Prometheus does when it loads them.").HelpLong(checkRulesHelp)
	files := filesArg(command)
	c.does(command, func(_ context.Context, std stdio) error { return checkEach(*files, std, checkRules) })
}

func checkRules(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	rules, errs := rulefile.Parse(path, text)
	alerts := 0
	for _, rule := range rules {
		if rule.Alert == "" {
			continue
		}
		alerts++
		if rule.Labels["severity"] == "" {
			errs = append(errs, fmt.Errorf("group %q, alert %q: the label severity is missing: want critical, warning or info", rule.Group, rule.Alert))
		}
	}
	if len(errs) > 0 {
		return "", located(path, errs...)
	}
	return fmt.Sprintf("%d recording rules and %d alerts", len(rules)-alerts, alerts), nil
}
