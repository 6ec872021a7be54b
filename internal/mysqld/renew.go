// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"errors"
	"slices"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// renewRetry is the pause before a renewal that did not come about is tried again.
const renewRetry = time.Minute

// renewWhenDue logs in a successor of a session that is old, beside what goes on.
// s.mu is held.
func (s *Server) renewWhenDue(old *session) {
	now := time.Now()
	if now.Before(old.due) {
		return
	}
	old.due = now.Add(min(renewRetry, s.options.SessionAge)) // it stays until then, whatever happens
	s.pending.Go(func() { s.reserve.lend(func() { s.renew(old) }) })
}

// renew puts a new session in the place of an old one, which is not given up
// before: a server without room for another login keeps the one that it gave. The
// new session has the reserve's place on the server meanwhile.
func (s *Server) renew(old *session) {
	one, err := login(s.running, s.db, s.options.Logger)
	if err != nil && !refusesUs(err) {
		s.options.Logger.Debug("session not renewed, the old one goes on", "err", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.idle, old)
	switch {
	case i < 0: // in use, or gone: another time
		if one != nil {
			_ = one.conn.Close()
		}
	case one == nil:
		s.idle = slices.Delete(s.idle, i, i+1)
		s.forget(old)
	default:
		one.due = time.Now().Add(s.options.SessionAge)
		s.idle[i], s.facts = one, &one.facts
		_ = old.conn.Close()
	}
}

// refusesUs reports a refusal that is about this account, for which the old
// session must not go on as if nothing had happened.
func refusesUs(err error) bool {
	var refused *collector.ConnectError
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Reason {
	case collector.AccessDenied, collector.TLSFailed, collector.UnverifiedServer, collector.NotAllowed, collector.Misconfigured:
		return true
	default:
		return false
	}
}
