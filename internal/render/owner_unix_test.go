// SPDX-License-Identifier: Apache-2.0

//go:build unix

package render

import (
	"os"
	"syscall"
	"testing"
)

// checkOwner gives the first file to another account, and wants the second one
// to be that account's.
func checkOwner(t *testing.T, path, round string) {
	t.Helper()
	const other = 65534
	if round == "first" {
		if err := os.Chown(path, other, other); err != nil {
			t.Skip(err) // root of a namespace without that account
		}
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || owner.Uid != other || owner.Gid != other {
		t.Errorf("owner %+v, want %d: the server could not read its secret", info.Sys(), other)
	}
}
