// SPDX-License-Identifier: Apache-2.0

//go:build unix

package proc

import (
	"fmt"
	"os/user"
	"strconv"
	"syscall"
)

// LookupUser finds an account by its name.
func LookupUser(name string) (*User, error) {
	account, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return nil, fmt.Errorf("user id of %s: %w", name, err)
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return nil, fmt.Errorf("group id of %s: %w", name, err)
	}
	return &User{Name: name, UID: uid, GID: gid}, nil
}

func credential(account *User) *syscall.Credential {
	if account == nil {
		return nil
	}
	return &syscall.Credential{Uid: uint32(account.UID), Gid: uint32(account.GID)}
}
