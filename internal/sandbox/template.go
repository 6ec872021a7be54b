// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/easy-erp/dbsync/internal/proc"
)

// templateLayout is part of a template's name: raise it when initialise or its flags change.
const templateLayout = "2"

// prepareData fills dataDir with a fresh data folder. Initialising one takes a server seconds, so that it is done once
// per server program and kept in the cache folder; without a cache folder it is done each time.
func prepareData(ctx context.Context, d dialect, program Program, dataDir string, account *proc.User) error {
	cache, err := templateFolder()
	if err != nil {
		return freshData(ctx, d, program, dataDir, account)
	}
	template, err := ensureTemplate(ctx, d, program, cache)
	if err != nil {
		return err
	}
	if err := copyTree(template, dataDir); err != nil {
		return fmt.Errorf("copy data folder: %w", err)
	}
	return give(dataDir, account)
}

func freshData(ctx context.Context, d dialect, program Program, dataDir string, account *proc.User) error {
	if err := os.Mkdir(dataDir, 0o700); err != nil {
		return err
	}
	if err := give(dataDir, account); err != nil {
		return err
	}
	return initialiseData(ctx, d, program, dataDir, account)
}

func templateFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "dbsync", "datadir")
	return dir, os.MkdirAll(dir, 0o700)
}

// ensureTemplate returns the folder of the program's template. One process makes it while others wait.
func ensureTemplate(ctx context.Context, d dialect, program Program, cache string) (string, error) {
	name, err := templateName(d, program)
	if err != nil {
		return "", err
	}
	template := filepath.Join(cache, name)
	unlock, err := lockFile(ctx, template+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(template); err == nil {
		return template, nil
	}
	return template, makeTemplate(ctx, d, program, template)
}

// templateName changes with the program: an upgraded server gets a template of its own.
func templateName(d dialect, program Program) (string, error) {
	info, err := os.Stat(program.Path)
	if err != nil {
		return "", err
	}
	what := fmt.Sprint(templateLayout, program.Path, info.Size(), info.ModTime().UnixNano())
	sum := sha256.Sum256([]byte(what))
	return string(d.kind) + "-" + hex.EncodeToString(sum[:6]), nil
}

// makeTemplate initialises in a temporary folder, where an unprivileged account can work, then copies to the cache and
// renames, so that a template is whole or absent.
func makeTemplate(ctx context.Context, d dialect, program Program, template string) error {
	work, account, err := workFolder("", program)
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	data := filepath.Join(work, "data")
	if err := freshData(ctx, d, program, data, account); err != nil {
		return err
	}
	// The server's identity: every copy has to make its own, or replication between two of them is refused.
	if err := os.Remove(filepath.Join(data, "auto.cnf")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	partial := template + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if err := copyTree(data, partial); err != nil {
		return err
	}
	return os.Rename(partial, template)
}

// workFolder makes a temporary folder below parent (the system's when empty) for the account that will use it.
func workFolder(parent string, program Program) (string, *proc.User, error) {
	dir, err := os.MkdirTemp(parent, "dbsync-")
	if err != nil {
		return "", nil, err
	}
	account := unprivileged(program.Path, dir)
	if err := give(dir, account); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, account, nil
}

// lockFile takes an exclusive lock that ends with the process, however it ends.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("another process holds %s: %w", path, ctx.Err()), file.Close())
		}
	}
}

// copyTree copies folders and regular files; a data folder holds nothing else.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, below)
		switch {
		case entry.IsDir():
			return os.Mkdir(target, 0o700)
		case entry.Type().IsRegular():
			return copyFile(path, target)
		}
		return nil
	})
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
