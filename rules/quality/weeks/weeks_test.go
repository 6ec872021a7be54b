// SPDX-License-Identifier: Apache-2.0

package weeks

import (
	"flag"
	"io/fs"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/rules"
)

var (
	servers = flag.Int("servers", 2, "how many servers live")
	seed    = flag.Uint64("seed", 1, "what they are made from")
)

// Servers with habits, jobs, releases, holidays and failovers are not called
// unusual, and what is wrong with some is. A few show that it works; figures come
// from `go test ./weeks -v -servers 60 -timeout 1h`.
func TestRulesOfWeeks(t *testing.T) {
	if testing.Short() {
		t.Skip("weeks take a minute")
	}
	files := map[string][]byte{}
	names, err := fs.Glob(rules.Files, "*.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if files[name], err = fs.ReadFile(rules.Files, name); err != nil {
			t.Fatal(err)
		}
	}
	result, err := Run(files, *seed, *servers)
	if err != nil {
		t.Fatal(err)
	}
	for id, r := range result.Rules {
		t.Logf("%-34s %3d incidents, %d missed, %3d firings, %d false in %.1f instance-weeks", id, r.Incidents, r.Missed, r.Firings, r.False, result.Weeks)
		if r.False > 0 || r.Missed > 0 {
			t.Errorf("%s:\n%s", id, strings.Join(append(r.FalseAlarms, r.Misses...), "\n"))
		}
	}
}
