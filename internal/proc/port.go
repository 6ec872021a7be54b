// SPDX-License-Identifier: Apache-2.0

//go:build unix

package proc

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are drawn below the range from which Linux and the BSDs serve outgoing connections: a port that the kernel
// itself may hand out could be gone before the child listens on it.
const lowestPort, highestPort = 12000, 32000

// FreePort returns a loopback TCP port that nobody listens on now. Nothing reserves it: start the child soon.
func FreePort() (int, error) {
	const attempts = 100
	var last error
	for range attempts {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		listener, err := net.Listen("tcp", Loopback(port))
		if err == nil {
			return port, listener.Close()
		}
		last = err
	}
	return 0, fmt.Errorf("no free loopback port: %w", last)
}

// Loopback is the address of a port on the IPv4 loopback interface.
func Loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
