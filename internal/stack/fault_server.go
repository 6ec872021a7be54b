// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import "context"

// serverFault kills the database server, as the kernel does when memory runs out.
func serverFault() kind {
	return kind{
		Fault: Fault{
			Name:   "server",
			Help:   "kill the database server by SIGKILL",
			Heal:   "start it again; it recovers by itself",
			Alerts: []string{"MySQLDown"},
		},
		make: func(s *Stack, _ context.Context) error { return s.company.server.Kill() },
		heal: func(s *Stack, ctx context.Context) error { return s.company.server.Restart(ctx) },
	}
}
