// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"regexp"
	"strings"
	"sync"
)

// named reads files by the part of their names that is called version, and a
// description that is called name. What also matches one of the others is none. In
// folders below, the name alone counts, unless the pattern has a slash.
func named(pattern string, others ...string) func(string) (file, bool) {
	re := lazily(pattern)
	var not []func() *regexp.Regexp
	for _, other := range others {
		not = append(not, lazily(other))
	}
	whole := strings.Contains(strings.ReplaceAll(pattern, "[^/]", ""), "/")
	return func(path string) (file, bool) {
		if !whole {
			path = path[strings.LastIndexByte(path, '/')+1:]
		}
		m := re().FindStringSubmatch(path)
		if m == nil {
			return file{}, false
		}
		for _, re := range not {
			if re().MatchString(path) {
				return file{}, false
			}
		}
		f := file{version: m[re().SubexpIndex("version")]}
		if name := re().SubexpIndex("name"); name >= 0 {
			f.description = strings.ReplaceAll(m[name], "_", " ")
		}
		return f, true
	}
}

// number makes one id of versions that differ in leading zeros only, which the
// tool does not keep.
func number(version, _ string) string {
	if version != "" && leading(version) == version {
		if version = strings.TrimLeft(version, "0"); version == "" {
			return "0"
		}
	}
	return version
}

// lazily compiles a pattern when it is needed: most have no files.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
