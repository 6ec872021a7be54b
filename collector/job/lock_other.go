// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package job

import (
	"context"
	"errors"
)

// lock is not to be had: without file locks two processes could lose each
// other's reports, so none is taken.
func lock(context.Context, string) (func(), error) {
	return nil, errors.New("runs can be kept on Unix only: report them to an exporter there")
}
