// SPDX-License-Identifier: Apache-2.0

// Package mysqld is the connection to one MySQL or MariaDB server.
//
// A [Server] keeps a few sessions open and never more, whatever the number of
// scrapes, and one more in reserve: to end on the server what a caller has given
// up (closing the client's socket does not), and to answer [Server.Ping] while
// all sessions are busy. Each session is bounded and quiet: it cannot write,
// wait long for a lock, run for long, or fill the slow log. It is renewed every
// few minutes, so that a changed password, privilege or server shows.
package mysqld
