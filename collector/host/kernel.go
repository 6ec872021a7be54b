// SPDX-License-Identifier: Apache-2.0

package host

// uname is what uname(2) tells.
type uname struct{ sysname, release, version, machine, nodename, domainname string }

// clock is the state of the kernel's clock, in seconds.
type clock struct {
	synced                           bool
	offset, maxError, estimatedError float64
	frequency                        float64 // a ratio
	tai                              float64 // atomic time less UTC
	status                           float64 // bits
}
