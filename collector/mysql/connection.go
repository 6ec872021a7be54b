// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// pingBudget bounds the wait for an answer, a login included: a busy machine is no
// server that is down. Whoever waits for less gets the verdict in time all the same,
// see [budget].
const pingBudget = 5 * time.Second

var (
	up = &collector.Family{
		Name: "mysql_up", Source: "SELECT 1",
		Help: "Whether the MySQL server is up: we are logged in and a query was answered.",
	}
	reachable = &collector.Family{
		Name: "dbsync_mysql_reachable", Source: "the login, or SELECT 1",
		Help: "Whether the server sent any protocol packet, a refusal included.",
	}
	connectError = &collector.Family{
		Name: "dbsync_connect_error", Source: "the login, or SELECT 1", Labels: []string{"reason"},
		Help: "1 for the reason why mysql_up is 0; every reason has a series.",
	}
	versionInfo = &collector.Family{
		Name: "mysql_version_info", Source: "@@version, @@version_comment, SHOW GLOBAL VARIABLES LIKE 'innodb_version'",
		Labels: []string{"innodb_version", "version", "version_comment"},
		Help:   "1 for the version and distribution of the server.",
	}
	serverInfo = &collector.Family{
		Name: "dbsync_mysql_server_info", Source: "@@version, @@version_comment, @@hostname",
		Labels: []string{"flavour", "hostname"},
		Help:   "1 for the lineage of the server (mysql, percona, mariadb) and the host that it runs on, which tells who answers behind a virtual address.",
	}
)

func connection() collector.Definition {
	return collector.Definition{
		Name:     "mysql.connection",
		Help:     "Whether the server answers, and if not, why.",
		Default:  true,
		Cost:     "One SELECT 1 over an open connection; the version once for each new connection.",
		Families: []*collector.Family{up, reachable, connectError, versionInfo, serverInfo},
		// It does not need a login, for it says why there is none.
		New: func(t *collector.Target) collector.Collector {
			return &connectionCollector{target: t, innodb: innodbVersion{server: t.Server}}
		},
	}
}

// connectionCollector keeps what it found last.
type connectionCollector struct {
	target *collector.Target
	last   state
	innodb innodbVersion
}

// state is what is known of a connection.
type state struct {
	reachable bool
	reason    collector.ConnectReason // empty while the server is up
}

func (c *connectionCollector) Collect(ctx context.Context, out *collector.Sink) error {
	if c.target.Server == nil {
		return collector.Skip(collector.Unconfigured, "name a MySQL target in the configuration")
	}
	soon, cancel := context.WithTimeout(ctx, budget(ctx))
	defer cancel()
	err := ping(soon, c.target.Server)
	if ctx.Err() != nil {
		return ctx.Err() // nobody waits for a verdict any more
	}
	now := stateAfter(err, c.last)
	c.report(now, err)
	c.last = now
	out.Emit(up, collector.Bool(now.reason == ""))
	out.Emit(reachable, collector.Bool(now.reachable))
	for _, reason := range collector.ConnectReasons() {
		out.Emit(connectError, collector.Bool(now.reason == reason), string(reason))
	}
	if now.reason == "" {
		out.Source(soon, "version", c.describe)
	}
	return nil
}

// budget is how long the server may take: less than whoever waits for us does.
func budget(ctx context.Context) time.Duration {
	if patience, ok := collector.Patience(ctx); ok {
		return min(pingBudget, patience*4/5)
	}
	return pingBudget
}

// ping asks the server for an answer. When there is no free session and the
// server gives us no further one, one of ours is waited for: those that we have
// prove that it works.
func ping(ctx context.Context, server collector.Server) error {
	err := server.Ping(ctx)
	var refused *collector.ConnectError
	if errors.As(err, &refused) && refused.Reason == collector.TooManyConnections {
		err = server.Query(ctx, func(collector.Row) error { return nil }, "SELECT 1")
	}
	if err != nil {
		// A connection that is closed when the time is over may say just that.
		err = errors.Join(err, ctx.Err())
	}
	return err
}

// stateAfter is what an attempt tells. A session that gives no answer in time
// tells nothing about whether the server can still be reached: the next attempt,
// which logs in anew, will.
func stateAfter(err error, before state) state {
	var refused *collector.ConnectError
	switch {
	case err == nil:
		return state{reachable: true}
	case errors.As(err, &refused):
		return state{refused.Reachable, refused.Reason}
	case errors.Is(err, context.DeadlineExceeded):
		return state{before.reachable, collector.Timeout}
	}
	return state{true, collector.ServerError}
}

// report logs a change, so that a lasting state is one line.
func (c *connectionCollector) report(now state, err error) {
	switch {
	case now == c.last:
	case err != nil:
		c.target.Logger.Warn("server is not up", "reason", now.reason, "reachable", now.reachable, "err", err)
	case c.last.reason != "":
		c.target.Logger.Info("server is up again")
	}
}

// describe says what server it is.
func (c *connectionCollector) describe(ctx context.Context, out *collector.Sink) error {
	facts, err := c.target.Server.Facts(ctx)
	if err != nil {
		return err
	}
	out.Emit(serverInfo, 1, string(facts.Flavour), facts.Hostname)
	innodb, err := c.innodb.of(ctx, facts)
	if err != nil {
		return err
	}
	out.Emit(versionInfo, 1, innodb, facts.VersionString, facts.VersionComment)
	return nil
}

// innodbVersion remembers the version of the engine as long as the connection
// lasts. It is empty on a server without InnoDB.
type innodbVersion struct {
	server  collector.Server
	since   int64
	version string
}

func (v *innodbVersion) of(ctx context.Context, facts collector.Facts) (string, error) {
	if v.since == facts.Since {
		return v.version, nil
	}
	version := ""
	err := v.server.Query(ctx, func(row collector.Row) error {
		var name sql.RawBytes
		return row.Scan(&name, &version)
	}, "SHOW GLOBAL VARIABLES LIKE 'innodb_version'")
	if err == nil {
		v.version, v.since = version, facts.Since
	}
	return version, err
}
