// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"net/url"
	"slices"
	"strings"
)

// selection is what of a target a request asks for.
type selection struct {
	names []string // collectors
	self  bool     // the exporter's own metrics
}

// selectNames reads collect[] and exclude[], which name collectors or groups.
// The exporter's own metrics are selected under a name like a collector's, so
// that scrape jobs that share the collectors out give each series once.
func selectNames(query url.Values, collectors []string, withSelf bool) (selection, error) {
	known := slices.Clone(collectors)
	if withSelf {
		known = append(known, selfName)
	}
	collect, exclude := query["collect[]"], query["exclude[]"]
	if len(collect) > 0 && len(exclude) > 0 {
		return selection{}, failure(badRequest, "collect[] and exclude[] exclude each other: give one of them")
	}
	named, err := matching(known, append(slices.Clone(collect), exclude...))
	if err != nil {
		return selection{}, err
	}
	wanted := named
	if len(collect) == 0 {
		wanted = slices.DeleteFunc(slices.Clone(known), func(n string) bool { return slices.Contains(named, n) })
	}
	return selection{
		names: slices.DeleteFunc(slices.Clone(wanted), func(n string) bool { return n == selfName }),
		self:  withSelf && slices.Contains(wanted, selfName),
	}, nil
}

// matching returns the known names that are given, themselves or by their group.
func matching(known, given []string) ([]string, error) {
	var named []string
	for _, g := range given {
		before := len(named)
		for _, k := range known {
			if k == g || strings.HasPrefix(k, g+".") {
				named = append(named, k)
			}
		}
		if len(named) == before {
			return nil, failure(badRequest, "no collector or group is called %q here: there is %s", g, strings.Join(known, ", "))
		}
	}
	return named, nil
}
