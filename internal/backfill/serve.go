// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backfill

import (
	"os"
	"path/filepath"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// Serve completes the options of a Prometheus that answers from a folder which
// Write filled: it scrapes nothing and compacts nothing.
func Serve(options sandbox.ServiceOptions, data string) (sandbox.ServiceOptions, error) {
	config := filepath.Join(data, "prometheus.yml")
	options.Ready = "/-/ready"
	options.Arguments = func(address, _ string) []string {
		return []string{
			"--config.file=" + config,
			"--storage.tsdb.path=" + data,
			"--storage.tsdb.retention.time=90d",
			"--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h",
			"--web.listen-address=" + address,
		}
	}
	return options, os.WriteFile(config, []byte("{}\n"), 0o644)
}
