// SPDX-License-Identifier: Apache-2.0

//go:build unix

package statefile

import (
	"errors"
	"os"
	"syscall"
)

// openPlain opens a file to read it, unless it is a link; a pipe is not waited for.
func openPlain(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, ErrNotSmall
	}
	return f, err
}
