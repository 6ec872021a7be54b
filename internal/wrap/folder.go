// SPDX-License-Identifier: Apache-2.0

//go:build unix

package wrap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
)

// marksName is where wrappers that run leave their mark, below the state folder.
const marksName = "running"

// unfinished are the names of marks that are still being made, which takes no time: what is older than abandoned was left
// by a wrapper that was killed just then.
const (
	unfinished = ".new-*"
	abandoned  = time.Minute
)

// Folder reports to a state folder on this machine, which the exporter reads.
type Folder struct {
	store *job.Store
	marks string
	path  string   // of our mark
	mark  *os.File // locked while our run goes on; the lock ends with this process, however that happens
}

// OpenFolder prepares reports to a state folder, which is made when it is not there.
func OpenFolder(dir string) *Folder {
	return &Folder{store: job.New(job.Options{Dir: dir}), marks: filepath.Join(dir, marksName)}
}

// Report takes the begin or the end of the run. With a begin it also reports as lost what killed wrappers left.
func (f *Folder) Report(ctx context.Context, run job.Run) (bool, error) {
	if run.Status != job.Running {
		recorded, err := f.store.Report(ctx, run)
		if err == nil { // else the next wrapper reports the run as lost
			err = f.unmark()
		}
		return recorded, err
	}
	lost := errors.Join(f.reportLost(ctx), f.sweep())
	marked := f.setMark(run)
	recorded, err := f.store.Report(ctx, run)
	return recorded, errors.Join(err, marked, lost)
}

// setMark leaves the mark of a run: a locked file that holds it.
func (f *Folder) setMark(run job.Run) error {
	text, err := json.Marshal(run)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.marks, 0o755); err != nil {
		return err
	}
	// Not under its name before it is locked and whole: another wrapper would take it for a dead one's.
	file, err := os.CreateTemp(f.marks, unfinished)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	f.path = filepath.Join(f.marks, run.ID+".json")
	if err == nil {
		err = os.Rename(file.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()), file.Close())
	}
	f.mark = file
	return nil
}

func (f *Folder) unmark() error {
	if f.mark == nil {
		return nil
	}
	return errors.Join(os.Remove(f.path), f.mark.Close())
}

// reportLost reports the runs whose wrappers are gone.
func (f *Folder) reportLost(ctx context.Context) error {
	marks, err := filepath.Glob(filepath.Join(f.marks, "*.json"))
	if err != nil {
		return err
	}
	var errs []error
	for _, mark := range marks {
		if err := f.reportLostOne(ctx, mark); err != nil {
			errs = append(errs, fmt.Errorf("what a killed wrapper left in %s: %w", mark, err))
		}
	}
	return errors.Join(errs...)
}

// sweep removes the marks that were never finished. Their runs had not begun.
func (f *Folder) sweep() error {
	left, err := filepath.Glob(filepath.Join(f.marks, unfinished))
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range left {
		info, err := os.Stat(path)
		if err == nil && time.Since(info.ModTime()) > abandoned {
			err = os.Remove(path)
		}
		errs = append(errs, ignoreMissing(err))
	}
	return errors.Join(errs...)
}

func (f *Folder) reportLostOne(ctx context.Context, mark string) error {
	file, err := os.Open(mark)
	if err != nil {
		return ignoreMissing(err)
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil // it runs
	}
	var run job.Run
	if err := json.NewDecoder(file).Decode(&run); err != nil {
		return err
	}
	run.Status, run.End = job.Lost, time.Now()
	if _, err := f.store.Report(ctx, run); err != nil {
		return err
	}
	return ignoreMissing(os.Remove(mark))
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
