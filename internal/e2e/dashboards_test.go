// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/grafana/board"
	"github.com/easy-erp/dbsync/grafana/queries"
	"github.com/easy-erp/dbsync/internal/stack"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestEveryPanelAnswers asks what every panel and annotation of every board asks, of a system at work and with each thing
// broken that can be broken. No query fails, and none stays empty throughout but those that the list of excuses names.
func TestEveryPanelAnswers(t *testing.T) {
	for _, one := range installations() {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			s := one.start(t, func(o *stack.Options) { o.BackupEvery = 10 * time.Second })
			lookAtEverything(t, newReader(s, strings.Contains(one.name, "mariadb")))
		})
	}
}

func lookAtEverything(t *testing.T, r *reader) {
	db := r.administrator(t)
	secondHistory(t, db)
	r.reportRuns(t, "first")
	var server string
	for _, fault := range r.Faults() {
		switch {
		case fault.Unavailable != "":
			t.Logf("NOT TESTED: %s: %s", fault.Name, fault.Unavailable)
		case fault.Name == "server":
			server = fault.Name // last: it silences all else
		default:
			r.lookWhileBroken(t, fault)
		}
	}
	r.busyMinute(t, db)
	testenv.Eventually(t, patience, "every panel that needs no dead server has answered", func() error {
		r.lookAtAll(t)
		return r.missing(needsDeadServer)
	})
	if err := r.Break(t.Context(), server); err != nil {
		t.Fatal(err)
	}
	r.firstSample(t, "mysql_up", 0)
	r.firstSample(t, "instance_reason:dbsync_connect_error:active", 1) // recorded less often than scraped
	r.firstSample(t, "instance_collector:dbsync_collector_success:failed", 0)
	r.lookAtAll(t)
	if err := r.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, patience, "every panel has answered", func() error {
		r.lookAtAll(t)
		return r.missing(func(queries.Query) bool { return false })
	})
	r.checkExcuses(t)
}

// needsDeadServer names what speaks of failing to connect or to collect, and of an error log, which MySQL
// writes no line to while all is well.
func needsDeadServer(q queries.Query) bool {
	return strings.Contains(q.Expr, "dbsync_connect_error") ||
		strings.Contains(q.Expr, "dbsync_collector_success") || strings.Contains(q.Expr, "dbsync_log_silence")
}

// reader looks at all boards.
type reader struct {
	system
	mariadb  bool
	queries  []queries.Query
	answered map[string]bool
}

func newReader(s system, mariadb bool) *reader {
	r := &reader{system: s, mariadb: mariadb, answered: map[string]bool{}}
	for _, d := range board.All(board.English) {
		r.queries = append(r.queries, queries.Of(d)...)
	}
	return r
}

// lookWhileBroken looks at all boards until the alerts of the fault fire, and heals it.
func (r *reader) lookWhileBroken(t *testing.T, fault stack.FaultState) {
	t.Helper()
	if err := r.Break(t.Context(), fault.Name); err != nil {
		t.Fatal(err)
	}
	for _, alert := range fault.Alerts {
		r.firstSample(t, `ALERTS{alertname="`+alert+`",alertstate="firing"}`, 1)
	}
	r.lookAtAll(t)
	if err := r.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (r *reader) lookAtAll(t *testing.T) {
	t.Helper()
	view, err := queries.Last(time.Now(), "now-5m") // longer than the system has lived
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range r.queries {
		n, err := view.Ask(t.Context(), r.api, q)
		if err != nil {
			t.Fatal(err)
		}
		r.answered[q.String()] = r.answered[q.String()] || n > 0
	}
}

func (r *reader) missing(later func(queries.Query) bool) error {
	var errs []error
	for _, q := range r.queries {
		if !r.answered[q.String()] && excuse(q, r.mariadb) == nil && !later(q) {
			errs = append(errs, fmt.Errorf("no answer yet: %s\n%s", q, q.Expr))
		}
	}
	return errors.Join(errs...)
}

// checkExcuses keeps the list short: what did answer needs no excuse.
func (r *reader) checkExcuses(t *testing.T) {
	t.Helper()
	for _, q := range r.queries {
		if e := excuse(q, r.mariadb); e != nil && !e.sometimes && r.answered[q.String()] {
			t.Errorf("%s answers, although it is excused: %s", q, e.reason)
		}
	}
}

func excuse(q queries.Query, mariadb bool) *excused {
	i := slices.IndexFunc(excuses, func(e excused) bool {
		return e.board == q.Board && slices.Contains(e.panels, q.Panel) &&
			(e.refs == "" || strings.Contains(e.refs, q.Ref)) && (!e.onMariaDB || mariadb) && (!e.onMySQL || !mariadb)
	})
	if i < 0 {
		return nil
	}
	return &excuses[i]
}
