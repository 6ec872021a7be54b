// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

const (
	keepDumps = 5                // in the folder
	dumpLimit = 30 * time.Second // for one dump, which may wait for a lock
)

// dumper makes the company's backups as a line in a crontab would: the dump tool's output goes into a file.
type dumper struct {
	program sandbox.Program
	options string // option file with the login
	dir     string

	mu     sync.Mutex // one dump at a time
	cut    bool       // end the dumps half way
	newest int64      // size of the newest whole dump, in bytes
}

// run makes a dump and returns its path. With cut set it ends half way: the dump tool's output breaks off, as it does
// when a disk is full or a connection ends, and what is there stays.
func (d *dumper) run(ctx context.Context) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := filepath.Join(d.dir, erp.Schema+"-"+time.Now().UTC().Format("20060102-150405.000")+".sql")
	size, err := d.write(ctx, path)
	if err == nil {
		d.newest = size
	}
	return path, errors.Join(err, d.thin())
}

func (d *dumper) write(ctx context.Context, path string) (size int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, dumpLimit)
	defer cancel()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	program, args := d.program.Command("--defaults-file="+d.options, "--single-transaction", "--routines", "--triggers", erp.Schema)
	command := exec.CommandContext(ctx, program, args...)
	// Not the file itself: a pipe ends the tool when this process is gone.
	out := &counter{to: file}
	if d.cut {
		out.limit = max(d.newest/2, 1)
	}
	var complaint strings.Builder
	command.Stdout, command.Stderr = out, &complaint
	command.WaitDelay = time.Second
	if err := command.Run(); err != nil {
		return out.written, fmt.Errorf("%s: %w %s", filepath.Base(d.program.Path), err, strings.TrimSpace(complaint.String()))
	}
	return out.written, nil
}

// thin removes the oldest dumps.
func (d *dumper) thin() error {
	dumps, err := filepath.Glob(filepath.Join(d.dir, "*.sql"))
	if err != nil {
		return err
	}
	slices.Sort(dumps) // by the time in their names
	var errs []error
	for _, dump := range dumps[:max(0, len(dumps)-keepDumps)] {
		errs = append(errs, os.Remove(dump))
	}
	return errors.Join(errs...)
}

// every makes a dump per interval until ctx ends.
func (d *dumper) every(ctx context.Context, interval time.Duration, say func(format string, args ...any)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		path, err := d.run(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			say("dump failed: %v", err)
		default:
			say("dump %s", filepath.Base(path))
		}
	}
}

// breakOff makes this and the next dumps end half way, or whole again.
func (d *dumper) breakOff(cut bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut = cut
}

// errCut is what a cut dump ends with.
var errCut = errors.New("no space left for the dump (cut on purpose)")

// counter counts what it passes on, and fails at the limit when there is one.
type counter struct {
	to             io.Writer
	written, limit int64
}

func (c *counter) Write(p []byte) (int, error) {
	if c.limit > 0 && c.written+int64(len(p)) > c.limit {
		n, err := c.to.Write(p[:c.limit-c.written])
		c.written += int64(n)
		return n, errors.Join(err, errCut)
	}
	n, err := c.to.Write(p)
	c.written += int64(n)
	return n, err
}
