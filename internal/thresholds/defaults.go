// SPDX-License-Identifier: Apache-2.0

package thresholds

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/easy-erp/dbsync/internal/rulefile"
	"github.com/easy-erp/dbsync/rules"
)

const head = `# What is otherwise of the shipped rules here, for "dbsyncctl rule render --values FILE". Everything below is as it is shipped;
# take the "# " away before what you change. Besides what stands there, every rule has
#
#   disabled: true       the rule is left out
#   severity: critical   it has another severity: critical, warning or info
#
# and one with a threshold of one severity can have a second one, such as warning: 80% and critical: 90%.
`

// WriteDefaults writes all that can be changed, as it is shipped and commented out.
func WriteDefaults(w io.Writer) error {
	all, err := rulefile.Read(rules.Files, "*.rules.yml")
	if err != nil {
		return err
	}
	byID, err := shippedAlerts()
	if err != nil {
		return err
	}
	var out strings.Builder
	out.WriteString(head)
	file, seen := "", map[string]bool{}
	for _, r := range all {
		id := r.Labels["rule_id"]
		if r.Alert == "" || r.Alert == "Watchdog" || seen[id] {
			continue
		}
		seen[id] = true
		lines, err := defaults(id, byID[id])
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			continue
		}
		if file != r.File {
			file = r.File
			fmt.Fprintf(&out, "\n## %s\n", file)
		}
		fmt.Fprintf(&out, "\n# %s:   # %s\n", id, r.Annotations["summary"])
		for _, line := range lines {
			fmt.Fprintf(&out, "#   %s\n", line)
		}
	}
	_, err = io.WriteString(w, out.String())
	return err
}

// defaults are the shipped values of one rule_id.
func defaults(id string, of []rulefile.Rule) ([]string, error) {
	var lines []string
	seen := map[string]bool{}
	for _, t := range declared() {
		if t.rule != id || t.role == "" || seen[t.name] {
			continue
		}
		seen[t.name] = true
		f, err := t.shipped()
		if err != nil {
			return nil, err
		}
		lines = append(lines, t.name+": "+t.unit.write(f))
	}
	if oneWait(of) {
		lines = append(lines, wait+": "+of[0].For.String())
	}
	return lines, nil
}

// shipped is the number in the role, such as 14 * 86400.
func (t threshold) shipped() (float64, error) {
	product, found := 1.0, false
	for _, word := range strings.Fields(t.role) {
		if f, err := strconv.ParseFloat(word, 64); err == nil {
			product, found = product*f, true
		}
	}
	if !found {
		return 0, fmt.Errorf("%s.%s: %q has no number", t.rule, t.name, t.role)
	}
	return product, nil
}
