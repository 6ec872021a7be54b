// SPDX-License-Identifier: Apache-2.0

// Package e2e holds the tests of the whole way: a fault on a real server in, a notification out. They run what
// `dbsyncctl up` runs, with the shipped files and shorter waits by values.
package e2e
