// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// folder is the exporter's state folder.
type folder string

// deliver leaves the report in the folder incoming, from where the exporter takes
// it. The file appears whole and stays there after a crash.
func (f folder) deliver(_ context.Context, r report) error {
	incoming := filepath.Join(string(f), "incoming")
	if err := makeLike(incoming, string(f)); err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d-%s-%s.json", r.Start.UnixNano(), r.ID, r.Status)
	temp, path := filepath.Join(incoming, "."+name), filepath.Join(incoming, name)
	err = write(temp, text)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
	}
	return err
}

func write(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// makeLike makes a folder that belongs to the account its parent belongs to: a job
// that runs as root must not lock the exporter out. The state folder itself is
// not made, so that a wrong path is an error.
func makeLike(path, parent string) error {
	err := os.Mkdir(path, 0o755)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("no folder %s: want the exporter's jobs.state_dir", parent)
	}
	if err != nil {
		return err
	}
	return chownLike(path, parent)
}
