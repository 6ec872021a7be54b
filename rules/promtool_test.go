// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rules

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// The rules mean the same on the oldest Prometheus that is supported and on
// the newest at hand.
func TestPromtool(t *testing.T) {
	tests, err := filepath.Glob("tests/*.test.yml")
	if err != nil || len(tests) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	for _, edition := range []sandbox.Edition{sandbox.Old, sandbox.New} {
		t.Run(string(edition), func(t *testing.T) {
			promtool := testenv.Tool(t, edition, "promtool")
			for _, test := range tests {
				t.Run(filepath.Base(test), func(t *testing.T) {
					t.Parallel()
					path, args := promtool.Command("test", "rules", test)
					if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
						t.Errorf("%v\n%s", err, out)
					}
				})
			}
		})
	}
}
