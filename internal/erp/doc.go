// SPDX-License-Identifier: Apache-2.0

// Package erp is the small company whose database `dbsyncctl up` watches: a schema with a real history of
// golang-migrate, a few thousand rows that are the same on every machine, light traffic, and a release that fails.
package erp
