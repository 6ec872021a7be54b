// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/backup"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// Options say what is tested, where, and within which bounds.
type Options struct {
	Backup, Method string
	Chain          []*backup.Copy // from [backup.Inspector.Chain]
	TempDir        string         // empty: the system's
	Mysqld         string         // the server's program; empty: one of the backup's series is looked for
	Tool           string         // mariadb-backup or xtrabackup; empty: looked for
	Memory         int64          // of the server's buffers, in bytes; 0: DefaultMemory
	Disk           int64          // the most that it may take, in bytes; 0: what is free but a reserve

	// Live is the server that the backup was taken from, to compare with; nil: it is not compared.
	Live      collector.Server
	Tolerance float64 // how far counts may lie apart, as a part of the larger one
	Checks    []Check

	// Progress is told how many bytes of the backup were restored, of how many. May be nil.
	Progress func(done, all int64)
	// Step is told what is being done. May be nil.
	Step func(what string)
}

// DefaultMemory is what the server's buffers take without Options.Memory.
const DefaultMemory = 128 << 20

// method restores the backups of one way to make them.
type method interface {
	// all tells whether it has every schema of the server that it was taken from.
	all() bool
	// restore starts a server that has the backup's tables. Its errors are a *Problem where the backup is to blame.
	restore(context.Context, *work) error
	// rows is how many rows tables have, by the backup's own word; nil: it does not say.
	rows() map[table]int64
}

// table is a table's name.
type table struct{ schema, name string }

func (t table) String() string { return t.schema + "." + t.name }

// open finds the method.
func open(ctx context.Context, o *Options) (method, error) {
	switch o.Method {
	case "mysqldump":
		return openDump(ctx, o.Chain)
	case "mydumper":
		return openMydumper(ctx, o.Chain)
	case "mariadb-backup", "xtrabackup":
		return openPhysical(ctx, o)
	}
	return nil, fmt.Errorf("method %s: %w", o.Method, backup.ErrNotRestorable)
}

func isPhysical(name string) bool { return name == "mariadb-backup" || name == "xtrabackup" }

// work is a test that goes on.
type work struct {
	options *Options
	program sandbox.Program
	flavour collector.Flavour
	dir     string
	running *server // that is to be stopped

	done, all int64 // bytes

	refusals     int
	firstRefusal string
}

// Run restores the backup and looks at what came of it. An error says that it could not be found out whether the backup
// can be restored; what is wrong with the backup is in the verdict. Nothing is left behind, whatever happens; what
// killed tests left before is removed first.
func Run(ctx context.Context, o Options) (v Verdict, err error) {
	v = Verdict{Backup: o.Backup, Method: o.Method, Problems: []Problem{}, Start: time.Now()}
	defer func() {
		v.End = time.Now()
		v.Restorable = err == nil && len(v.Problems) == 0
	}()
	for _, c := range o.Chain {
		v.Restored = append(v.Restored, c.Run.ID)
	}
	for _, c := range o.Chain {
		if c.Run.Status != backup.Success {
			v.Problems = append(v.Problems, *problem(NotWhole, "", "%s: %s", c.Run.ID, c.Run.Evidence))
			return v, nil
		}
	}
	parent, err := filepath.Abs(cmp.Or(o.TempDir, os.TempDir()))
	if err != nil {
		return v, err
	}
	if _, err := Sweep(parent); err != nil { // it takes space, and nothing else
		v.Notes = append(v.Notes, err.Error())
	}
	return v, v.blame(test(ctx, &o, parent, &v))
}

// test does it in a folder of its own.
func test(ctx context.Context, o *Options, parent string, v *Verdict) (err error) {
	if err := checkSpace(parent, need(o.Method, o.Chain), o.Disk); err != nil {
		return err
	}
	m, err := open(ctx, o)
	if err != nil {
		return err
	}
	w := &work{options: o}
	claim, err := stake(parent)
	if err != nil {
		return err
	}
	w.dir = claim.dir
	defer func() { err = errors.Join(err, w.stop(), claim.release()) }()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	guard := make(chan struct{})
	go func() {
		defer close(guard)
		guardSpace(ctx, w.dir, o.Disk, end)
	}()
	defer func() {
		end(nil)
		<-guard
	}()
	if err := w.restore(ctx, m, v); err != nil {
		return because(ctx, err)
	}
	return because(ctx, w.check(ctx, m, v))
}

// because gives the reason for which a test was ended in place of what came of that.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// choose finds the server's program, by the version of the server that the backup says it was taken from; empty: it
// does not say.
func (w *work) choose(ctx context.Context, text string) error {
	if text == "" && w.options.Live != nil {
		facts, err := w.options.Live.Facts(ctx)
		if err != nil {
			return fmt.Errorf("the live server: %w", err)
		}
		text = facts.VersionString
	}
	var want series
	var err error
	if text != "" {
		if want, err = seriesOf(text); err != nil {
			return fmt.Errorf("the server that the backup was taken from: %w", err)
		}
	}
	if w.program, err = findServer(ctx, w.options.Mysqld, want); err != nil {
		return err
	}
	answer, err := w.program.Output(ctx, "--no-defaults", "--version")
	if err != nil {
		return err
	}
	have, err := seriesOf(versionText(answer))
	w.flavour = have.flavour
	return err
}

// restore restores, and starts the server on what was restored.
func (w *work) restore(ctx context.Context, m method, v *Verdict) error {
	w.step("restore")
	for _, c := range w.options.Chain {
		for _, f := range c.Files {
			w.all += f.Size
		}
	}
	began := time.Now()
	err := m.restore(ctx, w)
	v.RestoreSeconds = time.Since(began).Seconds()
	if w.refusals > 0 {
		v.Notes = append(v.Notes, fmt.Sprintf("statements on accounts that were refused: %d, the first: %s", w.refusals, w.firstRefusal))
	}
	if w.running != nil {
		v.Server, v.Bytes = w.running.Version(), sizeOf(w.dir)
		if !w.running.CutOff() {
			v.Notes = append(v.Notes, "the server was kept from the network by its own settings alone: this account may make no network namespace")
		}
	}
	return err
}

// start starts the server that is stopped when the test ends.
func (w *work) start(ctx context.Context, data string, flags ...string) (*server, error) {
	memory := cmp.Or(w.options.Memory, DefaultMemory)
	plugins := filepath.Join(w.dir, "plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		return nil, err
	}
	s, err := startServer(ctx, w.program, w.dir, data, append(serverFlags(w.flavour, memory, plugins), flags...))
	if err != nil {
		return nil, err
	}
	w.running = s
	return s, nil
}

func (w *work) stop() error {
	if w.running == nil {
		return nil
	}
	return errors.Join(w.running.Kill(), w.running.Stop()) // nobody will read its files: no orderly shutdown
}

func (w *work) step(what string) {
	if w.options.Step != nil {
		w.options.Step(what)
	}
}

// read counts what was read of the backup.
func (w *work) read(n int64) {
	w.done += n
	if w.options.Progress != nil {
		w.options.Progress(w.done, w.all)
	}
}
