// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples runs the examples in other languages against the real exporter,
// and then with a wrong token: the job goes on, and says what it could not tell.
func TestExamples(t *testing.T) {
	for _, example := range []struct {
		program, file, task string
	}{
		{"python3", "report.py", "crm-python"}, {"node", "report.mjs", "crm-node"},
	} {
		t.Run(example.program, func(t *testing.T) {
			program, err := exec.LookPath(example.program)
			switch {
			case err == nil:
			case os.Getenv("CI") == "true":
				t.Fatal(err)
			default:
				t.Skipf("NOT TESTED: no %s on this machine", example.program)
			}
			run := func(url, tokenFile string) string {
				command := exec.Command(program, filepath.Join("examples", example.file))
				command.Env = append(os.Environ(), "EXPORTER="+url, "TOKEN_FILE="+tokenFile, "no_proxy=127.0.0.1", "NO_PROXY=127.0.0.1")
				said, err := command.CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, said)
				}
				return string(said)
			}
			e := start(t)
			if said := run(e.url, e.tokenFile); said != "" {
				t.Errorf("it says %q", said)
			}
			e.want(t,
				`dbsync_run_total{run_type="sync",status="success",task="`+example.task+`"} 1`,
				`dbsync_run_value{name="rows_copied",run_type="sync",task="`+example.task+`"} 1200`,
			)
			wrong := filepath.Join(t.TempDir(), "token")
			write(t, wrong, "wrong\n")
			if said := run(e.url, wrong); !strings.Contains(said, "report refused: 40") {
				t.Errorf("refused, it says %q", said)
			}
		})
	}
}
