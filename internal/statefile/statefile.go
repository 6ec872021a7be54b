// SPDX-License-Identifier: Apache-2.0

// Package statefile reads and replaces the small files of the state folder, which
// several accounts and programs use at the same time.
package statefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// ErrNotSmall refuses what no file of ours is.
var ErrNotSmall = errors.New("not a small regular file")

// Read reads a regular file of at most limit bytes. It follows no link and waits
// for no pipe: other accounts may write into the folder.
func Read(path string, limit int64) ([]byte, os.FileInfo, error) {
	f, err := openPlain(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, nil, ErrNotSmall
	}
	text, err := io.ReadAll(io.LimitReader(f, limit))
	return text, info, err
}

// Write replaces a file by a whole new one: whatever happens, the old or the new
// one is there. It returns what the new file is known by. The temporary name is
// the file's own, so that crashes leave one file at most; all users of the host may
// read it, as jobs run under other accounts than the exporter.
func Write(path string, text []byte) (os.FileInfo, error) {
	temp := filepath.Join(filepath.Dir(path), ".new-"+filepath.Base(path))
	info, err := writeSynced(temp, text)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // a full disk should not keep half a file
		return nil, err
	}
	return info, syncDir(filepath.Dir(path))
}

func writeSynced(path string, text []byte) (os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	info, statErr := f.Stat()
	return info, errors.Join(err, statErr, f.Close())
}

// syncDir makes a rename survive a crash of the machine.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
