// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/easy-erp/dbsync/internal/config"
)

// Reach gives a program other than the daemon the connection to one target of the
// configuration, which is dialled when it is asked something. The caller closes it.
func Reach(c *config.Config, name string) (Server, error) {
	e := &Exporter{options: Options{Logger: slog.New(slog.DiscardHandler)}}
	for _, p := range e.plans(c) {
		if p.target.Name == name {
			server, err := connect(e.serverOptions(p))
			if err != nil {
				return nil, fmt.Errorf("target %s: %w", name, err)
			}
			return server, nil
		}
	}
	return nil, fmt.Errorf("no target is called %q: there is %s", name, strings.Join(c.TargetNames(), ", "))
}
