// SPDX-License-Identifier: Apache-2.0

package proc

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes puts the child into a process group of its own and ties its life to its parent's. The account is set here
// and not by the child itself, because a change of account clears the parent-death signal (prctl(2)).
func attributes(user *User) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: credential(user), Pdeathsig: syscall.SIGKILL}
}

// awaitStopped returns when the last thread of the child has stopped: SIGSTOP is delivered some time after kill(2)
// returns. The child's end is left for its owner to collect.
func awaitStopped(pid int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
