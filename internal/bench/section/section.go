// SPDX-License-Identifier: Apache-2.0

// Package section writes what was measured into the documentation.
package section

import (
	"fmt"
	"os"
	"strings"
)

// Replace replaces what a mark and its end enclose in a file.
func Replace(path, mark, content string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+mark+" -->\n", "<!-- end of "+mark+" -->\n"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s: no lines %q and %q", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(path, []byte(before+begin+content+end+after), 0o644)
}
