// SPDX-License-Identifier: Apache-2.0

// Package apply changes the files of a server that runs: one writer at a time, each file in one step; the server is made
// to read them, and the old ones come back when it does not.
package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// ErrByHand says that the server takes no request to reload. The files are kept: they are right, but not read yet.
var ErrByHand = errors.New("the server takes no request to reload")

// File is what shall stand in a file.
type File struct {
	Path string
	Text []byte
	Mode fs.FileMode // one that is there keeps its own, unless this is for the owner alone
}

// Change is new contents for files, and how their server takes and shows them.
type Change struct {
	Files   []File
	Reload  func(context.Context) error // nil: no server reads the files
	Confirm func(context.Context) error // nil: a reload without an error is enough
}

// afterwards bounds putting things back, which also happens when the caller has given up.
const afterwards = 30 * time.Second

// Apply does it, or leaves everything as it was and says why, except for [ErrByHand].
func (c Change) Apply(ctx context.Context) error {
	before, err := c.remember()
	if err != nil {
		return err
	}
	for i, f := range c.Files {
		if err := Replace(f.Path, f.Text, before[i].mode(f.Mode)); err != nil {
			return errors.Join(err, restore(before[:i]))
		}
	}
	if c.Reload == nil {
		return nil
	}
	err = c.Reload(ctx)
	if errors.Is(err, ErrByHand) {
		return err
	}
	if err == nil && c.Confirm != nil {
		err = c.Confirm(ctx)
	}
	if err == nil {
		return nil
	}
	return c.rollBack(ctx, before, err)
}

func (c Change) rollBack(ctx context.Context, before []old, why error) error {
	if err := restore(before); err != nil {
		return errors.Join(why, fmt.Errorf("the old files could not be put back: %w", err))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	if err := c.Reload(ctx); err != nil {
		return errors.Join(why, fmt.Errorf("the old files are back, but the server did not read them: %w", err))
	}
	return fmt.Errorf("%w; everything is as it was", why)
}

// old is a file as it was.
type old struct {
	path string
	text []byte
	info fs.FileInfo // nil: it was not there
}

func (c Change) remember() ([]old, error) {
	all := make([]old, 0, len(c.Files))
	for _, f := range c.Files {
		o := old{path: f.Path}
		info, err := os.Stat(f.Path)
		if err == nil {
			o.info = info
			o.text, err = os.ReadFile(f.Path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// mode is that of the file that replaces this one: its own, but a private file does not become public.
func (o old) mode(wanted fs.FileMode) fs.FileMode {
	if o.info == nil || wanted&0o077 == 0 {
		return wanted
	}
	return o.info.Mode().Perm()
}

func restore(files []old) error {
	var all []error
	for _, o := range files {
		if o.info == nil {
			all = append(all, os.Remove(o.path))
			continue
		}
		all = append(all, Replace(o.path, o.text, o.info.Mode().Perm()))
	}
	return errors.Join(all...)
}
