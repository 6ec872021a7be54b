// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"database/sql"
	"errors"

	"github.com/easy-erp/dbsync/internal/erp"
)

// leakedConnections make more than eight of ten with the exporter's and the company's. What is left is enough for these,
// for the dump and for those that another fault holds.
const leakedConnections = maxConnections * 8 / 10

// connectionsFault opens connections and does not close them, as an application does whose pool has no limit.
func connectionsFault() kind {
	return kind{
		Fault: Fault{
			Name:   "connections",
			Help:   "open eight of ten connections that the server allows and keep them",
			Heal:   "close them",
			Alerts: []string{"DatabaseConnectionsHigh"},
		},
		make: breakConnections,
		heal: func(s *Stack, _ context.Context) error { return s.releaseConnections() },
	}
}

func breakConnections(s *Stack, ctx context.Context) error {
	db, err := openSchema(s.company.login, erp.Schema)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(leakedConnections)
	s.company.leak = &leak{db: db}
	for range leakedConnections {
		conn, err := db.Conn(ctx)
		if err != nil {
			return errors.Join(err, s.releaseConnections())
		}
		s.company.leak.held = append(s.company.leak.held, conn)
	}
	return nil
}

// leak is what breakConnections holds.
type leak struct {
	db   *sql.DB
	held []*sql.Conn
}

// releaseConnections closes what is held. The server may be gone meanwhile, and the connections with it.
func (s *Stack) releaseConnections() error {
	if s.company == nil || s.company.leak == nil {
		return nil
	}
	for _, conn := range s.company.leak.held {
		_ = conn.Close()
	}
	err := s.company.leak.db.Close()
	s.company.leak = nil
	return err
}
