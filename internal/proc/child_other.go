// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package proc

import "syscall"

// attributes puts the child into a process group of its own. Only Linux can also tie its life to its parent's.
func attributes(spec *Spec) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: credential(spec.User)}
}

// awaitStopped does not wait: only Linux tells a stopped child without collecting one that ended.
func awaitStopped(int) error { return nil }
