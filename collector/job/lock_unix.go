// SPDX-License-Identifier: Apache-2.0

//go:build unix

package job

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	lockName  = ".lock"
	lockRetry = 5 * time.Millisecond
	lockLimit = 10 * time.Second // reports take milliseconds; whoever holds it longer is stuck
)

// lock takes the folder's lock, which the kernel frees when its holder dies, and
// returns what frees it.
func lock(ctx context.Context, dir string) (func(), error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lockLimit, errors.New("another process holds it"))
	defer cancel()
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { _ = f.Close() }, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-time.After(lockRetry):
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		}
	}
}
