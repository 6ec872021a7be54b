// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/yamledit"
)

// The bases that the committed rules link to.
const (
	committedGrafana  = "http://localhost:3000/"
	committedRunbooks = "https://github.com/easy-erp/dbsync/blob/main/docs/runbooks/"
)

// RuleFile returns one rule file for an installation.
func RuleFile(source []byte, v Values) ([]byte, error) {
	doc, top, err := yamledit.Parse(source)
	if err != nil {
		return nil, err
	}
	if err := v.Rules.Thresholds.Apply(top); err != nil {
		return nil, err
	}
	for _, group := range yamledit.Items(yamledit.Get(top, "groups")) {
		if err := v.Rules.setGroup(group); err != nil {
			return nil, fmt.Errorf("group %s: %w", yamledit.Scalar(group, "name"), err)
		}
	}
	return yamledit.Format(doc)
}

func (r *Rules) setGroup(group *yaml.Node) error {
	if err := scale(group, r.Scale, "interval"); err != nil {
		return err
	}
	for _, rule := range yamledit.Items(yamledit.Get(group, "rules")) {
		if err := scale(rule, r.Scale, "for", "keep_firing_for"); err != nil {
			return err
		}
		annotations := yamledit.Get(rule, "annotations")
		rebase(yamledit.Get(annotations, "dashboard_url"), committedGrafana, r.GrafanaURL)
		rebase(yamledit.Get(annotations, "runbook_url"), committedRunbooks, r.RunbookURL)
	}
	return nil
}

// rebase moves a link from one base to another.
func rebase(link *yaml.Node, from, to string) {
	if link == nil || to == "" {
		return
	}
	if rest, ok := strings.CutPrefix(link.Value, from); ok {
		link.Value = strings.TrimSuffix(to, "/") + "/" + rest
	}
}
