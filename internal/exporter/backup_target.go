// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/config"
)

// BackupTarget gives a program other than the daemon what is configured of a backup, and the server that it was taken
// from, which dials when it is asked something. The caller closes the server.
func BackupTarget(c *config.Config, name string) (_ config.Backup, _ collector.Server, closeServer func() error, err error) {
	e := &Exporter{options: Options{Logger: slog.New(slog.DiscardHandler)}}
	for _, p := range e.plans(c) {
		i := slices.IndexFunc(p.backups, func(b config.Backup) bool { return b.Name == name })
		if i < 0 {
			continue
		}
		server, err := connect(e.serverOptions(p))
		if err != nil {
			return config.Backup{}, nil, nil, fmt.Errorf("target %s: %w", p.target.Name, err)
		}
		return p.backups[i], server, server.Close, nil
	}
	return config.Backup{}, nil, nil, fmt.Errorf("no backup is called %q: there is %s", name, strings.Join(Backups(c), ", "))
}
