// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package apply

import (
	"context"
	"errors"
)

// Lock is not to be had: two writers could lose each other's changes.
func Lock(context.Context, string) (func(), error) {
	return nil, errors.New("files of a running server can be changed on Unix only: there are no file locks here")
}
