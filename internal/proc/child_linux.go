// SPDX-License-Identifier: Apache-2.0

package proc

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes puts the child into a process group of its own and ties its life to its parent's. The account is set here
// and not by the child itself, because a change of account clears the parent-death signal (prctl(2)).
func attributes(spec *Spec) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Credential: credential(spec.User), Pdeathsig: syscall.SIGKILL}
	if !spec.NoNetwork {
		return a
	}
	a.Cloneflags = syscall.CLONE_NEWNET
	if uid, gid := os.Geteuid(), os.Getegid(); uid != 0 { // only root of a user namespace may make another of networks
		a.Cloneflags |= syscall.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
	}
	return a
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
