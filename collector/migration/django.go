// SPDX-License-Identifier: Apache-2.0

package migration

import (
	"regexp"
	"strings"
)

// django is Django: a row for each applied migration of each app, with the time
// in UTC unless USE_TZ is off. Taking one back deletes its row, one that failed
// leaves none, and there is no lock.
func django() *tool {
	return &tool{
		name:    "django",
		table:   "django_migrations",
		columns: []string{"id", "app", "name", "applied"},
		exact:   true,
		rows:    selection{order: "id", version: "CONCAT(app, '.', name)", ended: utc("applied")},
		states:  []state{applied},
		current: newest,
		files:   files{wanted: djangoFile, inside: djangoInside, deep: true, compare: compareDjango},
	}
}

// djangoName is a file of an app, which is a folder: app/migrations/0001_name.py.
var djangoName = regexp.MustCompile(`^(?:.*/)?([^/]+)/migrations/(\w+)\.py$`)

func djangoFile(name string) (file, bool) {
	m := djangoName.FindStringSubmatch(name)
	if m == nil || m[2] == "__init__" {
		return file{}, false
	}
	return file{version: m[1] + "." + m[2]}, true
}

var (
	djangoReplaces = regexp.MustCompile(`(?ms)^\s*replaces\s*=\s*\[(.*?)\]`)
	djangoPair     = regexp.MustCompile(`\(\s*["']([^"'\n]+)["']\s*,\s*["']([^"'\n]+)["']\s*,?\s*\)`)
)

// djangoInside reads what a squashed migration stands for.
func djangoInside(f file, content []byte) ([]file, error) {
	if m := djangoReplaces.FindSubmatch(content); m != nil {
		for _, pair := range djangoPair.FindAllSubmatch(m[1], -1) {
			f.replaces = append(f.replaces, string(pair[1])+"."+string(pair[2]))
		}
	}
	return []file{f}, nil
}

// compareDjango leaves apps out that have no file in the folder: Django's own and
// those of libraries are elsewhere.
func compareDjango(t *tool, f facts, all []file) difference {
	app := func(version string) string {
		name, _, _ := strings.Cut(version, ".")
		return name
	}
	here := map[string]bool{}
	for _, one := range all {
		here[app(one.version)] = true
	}
	d := compareSets(t, f.only(func(r revision) bool { return here[app(r.version)] }), all)
	d.late = -1 // apps have no order among each other
	return d
}
