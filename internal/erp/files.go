// SPDX-License-Identifier: Apache-2.0

package erp

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Schema is the database that holds the company's tables and its migration history.
const Schema = "easy_erp"

// released are the migrations that have been applied for long; next is the coming release.
var (
	//go:embed migrations/*.sql
	released embed.FS
	//go:embed release/*.sql
	next embed.FS
)

// Versions of the history before and after the coming release.
const (
	ReleasedVersion = 7
	NextVersion     = 8
)

// WriteMigrations writes the applied migrations into a folder, in the layout of golang-migrate.
func WriteMigrations(dir string) error { return copyFiles(released, dir) }

// WriteRelease adds the migrations of the coming release: a deployment has begun.
func WriteRelease(dir string) error { return copyFiles(next, dir) }

// RemoveRelease takes the migrations of the coming release back: the deployment is withdrawn.
func RemoveRelease(dir string) error {
	return eachFile(next, func(path string) error {
		err := os.Remove(filepath.Join(dir, filepath.Base(path)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

func copyFiles(from fs.FS, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return eachFile(from, func(path string) error {
		text, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, filepath.Base(path)), text, 0o644)
	})
}

func eachFile(from fs.FS, do func(path string) error) error {
	return fs.WalkDir(from, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return do(path)
	})
}
