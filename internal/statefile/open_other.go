// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package statefile

import "os"

func openPlain(path string) (*os.File, error) { return os.Open(path) }
