// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

// methods lists every way of making a backup that can be watched.
func methods() []method {
	return []method{
		mysqldump(), mydumper(), mysqlShell(), xtrabackup(), mariadbBackup(), mysqlBackup(), walG(), restic(), plainFiles(),
		jobRuns(),
	}
}

// Methods returns the names of the methods, for configurations.
func Methods() []string {
	var names []string
	for _, m := range methods() {
		names = append(names, m.name)
	}
	return names
}

// method is a way of making backups, and what its traces can tell.
type method struct {
	name string
	// statuses are those that its runs can be seen to have. The first is Success.
	statuses []Status
	// kept says that runs are what is there to be restored, so that they can be
	// counted: files are, reports of runs are not.
	kept bool
	// every is how often its traces are looked at.
	every time.Duration
	// open makes the source of a backup. It may narrow what the method, a copy of
	// the backup's own, can tell of it.
	open func(Backup, *env, *method) source
}

// env is what methods read from.
type env struct {
	target  *collector.Target
	runs    *job.Store
	limiter *rate.Limiter // of what is read of large files
	// stateDir keeps what was read of them; empty: nothing is kept.
	stateDir string
}

// server is the target's, for statements that must not keep scrapes waiting; nil
// when there is none.
func (e *env) server() collector.Server {
	if e.target.Server == nil {
		return nil
	}
	return e.target.Server.Background()
}

// store is where the backup's files are.
func (e *env) store(b Backup) store {
	if b.inBucket() {
		return &bucket{options: *b.S3}
	}
	return folders{}
}

// source reads the runs of one backup.
type source interface {
	// look returns the runs whose traces are there. It may be slow or hang, is
	// never called twice at once, and returns soon after ctx ends if it can.
	look(ctx context.Context) (history, error)
}

// reader is a source that must read more than a look may to judge its runs.
type reader interface {
	source
	// readNext reads what is most wanted, and calls progress now and then with the
	// bytes that were read and that there are. It returns false when there is nothing
	// to be read. It runs beside look.
	readNext(ctx context.Context, progress func(read, all int64)) (bool, error)
}

// history is what a look found.
type history struct {
	runs []Run
	// complete is the time since when no run is missing; zero: none is.
	complete time.Time
	space    space
}

// stored is what all runs take together.
func (h *history) stored() int64 {
	var sum int64
	for i := range h.runs {
		sum += h.runs[i].Stored
	}
	return sum
}

// space is how much room there is where the backups are kept, in bytes.
type space struct {
	avail int64 // for an ordinary user
	known bool
}

func findMethod(name string) (method, bool) {
	all := methods()
	i := slices.IndexFunc(all, func(m method) bool { return m.name == name })
	if i < 0 {
		return method{}, false
	}
	return all[i], true
}

// sees reports whether a run can be seen to have the status.
func (m *method) sees(status Status) bool { return slices.Contains(m.statuses, status) }
