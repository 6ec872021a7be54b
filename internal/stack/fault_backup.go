// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"path/filepath"
)

// backupFault ends dumps half way and leaves what was written in the folder, as a script does that ignores exit codes.
func backupFault() kind {
	return kind{
		Fault: Fault{
			Name:   "backup",
			Help:   "end the dumps half way; the folder then holds a file that is no backup",
			Heal:   "make a whole dump",
			Alerts: []string{"BackupFailure"},
		},
		make: breakBackup,
		heal: healBackup,
	}
}

func breakBackup(s *Stack, ctx context.Context) error {
	dumper := s.company.dumper
	dumper.breakOff(true)
	path, err := dumper.run(ctx)
	if err == nil {
		return errors.New("the dump did not end half way as it should")
	}
	s.say("backup", "%s: %v", filepath.Base(path), err)
	return ctx.Err()
}

func healBackup(s *Stack, ctx context.Context) error {
	s.company.dumper.breakOff(false)
	_, err := s.company.dumper.run(ctx)
	return err
}
