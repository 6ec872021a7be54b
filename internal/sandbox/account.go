// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/easy-erp/dbsync/internal/proc"
)

// unprivileged returns the account that servers run as when we are root, nil when we are not, or when that account
// could not reach one of the paths: below a home folder of mode 0700, for instance. Then the server runs as root.
func unprivileged(paths ...string) *proc.User {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, path := range paths {
		if path != "" && !reachable(path) {
			return nil
		}
	}
	for _, name := range []string{"mysql", "nobody"} {
		if account, err := proc.LookupUser(name); err == nil {
			return account
		}
	}
	return nil
}

// reachable tells whether everybody may enter every folder above the path.
func reachable(path string) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// asRoot is the flag without which a database server refuses to run as root; no flag is needed for another account.
func asRoot(account *proc.User) []string {
	if account != nil || os.Geteuid() != 0 {
		return nil
	}
	return []string{"--user=root"}
}

// give hands a folder and all in it to the account; nil leaves all as it is.
func give(dir string, account *proc.User) error {
	if account == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, account.UID, account.GID)
	})
}
