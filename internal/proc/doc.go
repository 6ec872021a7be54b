// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package proc runs a program as a child that cannot outlive its parent.
//
// Every child leads a process group of its own, so that stopping it stops what it started. Its output is kept, but only
// the end of it: enough for an error message, never enough to fill memory. On Linux the kernel kills the child when
// the parent dies, however that happens.
package proc
