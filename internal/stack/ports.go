// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"net"

	"github.com/easy-erp/dbsync/internal/proc"
)

// choosePort returns the wanted port, or a free one where the wanted one is taken or none is wanted.
func choosePort(wanted int) (int, error) {
	if wanted != 0 && free(wanted) {
		return wanted, nil
	}
	return proc.FreePort()
}

func free(port int) bool {
	listener, err := net.Listen("tcp", proc.Loopback(port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// port chooses where a part listens and says so when that is not where it is looked for.
func (s *Stack) port(part string, known int) (int, error) {
	wanted := known + s.options.PortOffset
	if s.options.FreePorts {
		wanted = 0
	}
	port, err := choosePort(wanted)
	if err == nil && wanted != 0 && port != wanted {
		s.say(part, "port %d is taken, using %d", wanted, port)
	}
	return port, err
}
