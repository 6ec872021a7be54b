// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/host"
)

// queryPaths asks a server where it keeps its files. An empty or NULL binlog base
// name means that there is no binary log.
const queryPaths = `SELECT @@datadir, @@tmpdir, COALESCE(@@log_bin_basename, '')`

// localPaths returns what asks the server for its folders, when it runs on this
// machine: those of a server elsewhere say nothing about the file systems here.
// extra are folders that the configuration names for the same server.
func localPaths(server collector.Server, extra []host.Path) func(context.Context) ([]host.Path, error) {
	return func(ctx context.Context) ([]host.Path, error) {
		facts, err := server.Facts(ctx)
		if err != nil {
			return nil, err
		}
		hostname, err := os.Hostname()
		if err != nil {
			return nil, err
		}
		if facts.Hostname != hostname {
			return nil, nil
		}
		found, err := serverPaths(ctx, server)
		return append(found, extra...), err
	}
}

func serverPaths(ctx context.Context, server collector.Server) ([]host.Path, error) {
	var data, tmp, binlog string
	err := server.Query(ctx, func(r collector.Row) error { return r.Scan(&data, &tmp, &binlog) }, queryPaths)
	if err != nil {
		return nil, fmt.Errorf("where the server keeps its files: %w", err)
	}
	paths := []host.Path{{Role: "datadir", Path: filepath.Clean(data)}}
	for _, dir := range filepath.SplitList(tmp) {
		paths = append(paths, host.Path{Role: "tmpdir", Path: filepath.Clean(dir)})
	}
	if binlog != "" {
		paths = append(paths, host.Path{Role: "binlog", Path: filepath.Dir(binlog)})
	}
	return paths, nil
}
