// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package view shows a running stack to a person: one screen that is drawn anew each second where there is a terminal,
// else a line per event.
package view
