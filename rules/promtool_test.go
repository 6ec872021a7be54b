// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// promtools returns every promtool at hand: Debian's own, and that of a newer
// Debian unpacked into the cache.
func promtools(t *testing.T) []string {
	t.Helper()
	var found []string
	if path, err := exec.LookPath("promtool"); err == nil {
		found = append(found, path)
	}
	if cache, err := os.UserCacheDir(); err == nil {
		newer := filepath.Join(cache, "dbsync", "sid", "usr", "bin", "promtool")
		if _, err := os.Stat(newer); err == nil {
			found = append(found, newer)
		}
	}
	if len(found) > 0 {
		return found
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no promtool: install the package prometheus")
	}
	t.Skip("SKIPPED, the rules are not evaluated: no promtool, install the package prometheus")
	return nil
}

func TestPromtool(t *testing.T) {
	tests, err := filepath.Glob("tests/*.test.yml")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	for _, promtool := range promtools(t) {
		version, err := exec.Command(promtool, "--version").CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s", version)
		for _, test := range tests {
			out, err := exec.Command(promtool, "test", "rules", test).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", test, err, out)
			}
		}
	}
}
