// SPDX-License-Identifier: Apache-2.0

package board

import "fmt"

// Lang is a language that the boards can be written in.
type Lang string

// The languages. Queries, units and uids are the same in all.
const (
	English Lang = "en"
	Chinese Lang = "zh"
)

// ParseLang reads the value of a -lang flag.
func ParseLang(s string) (Lang, error) {
	switch l := Lang(s); l {
	case English, Chinese:
		return l, nil
	}
	return "", fmt.Errorf("no language %q: use %q or %q", s, English, Chinese)
}

// T picks the text in the language l. Both stand side by side in the source, so
// that whoever changes one sees the other.
func (l Lang) T(en, zh string) string {
	if l == Chinese {
		return zh
	}
	return en
}
