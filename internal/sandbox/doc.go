// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package sandbox runs throw-away servers as child processes: MariaDB, MySQL, Prometheus, Alertmanager, or any program
// that answers HTTP. Each one listens on a free loopback port, keeps its files in a folder of its own and leaves
// neither process nor file behind when it is stopped. Tests, `dbsyncctl up` and restore tests share it.
//
// # Where programs come from
//
// Editions of a program can be at hand. Old is the machine's own: PATH and the usual sbin folders, then packages of
// the distribution that package provision has unpacked to
//
//	${DBSYNC_DISTRIBUTION:-${XDG_CACHE_HOME:-$HOME/.cache}/dbsync/distribution}
//
// New are packages of Debian unstable, unpacked to
//
//	${DBSYNC_SID:-${XDG_CACHE_HOME:-$HOME/.cache}/dbsync/sid}
//
// Tools are what tests run beside servers (mydumper, mariadb-backup, nginx ...), installed or unpacked to
//
//	${DBSYNC_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/dbsync/tools}
//
// Such a root file system needs no chroot and so no privilege: its programs are run by its own dynamic loader with its
// own libraries.
//
// The environment points elsewhere, always with the path of an executable:
//
//	DBSYNC_MARIADBD, DBSYNC_MYSQLD                      the database servers
//	DBSYNC_PROMETHEUS, DBSYNC_ALERTMANAGER              edition Old
//	DBSYNC_NEW_PROMETHEUS, DBSYNC_NEW_ALERTMANAGER      edition New
//
// and so on for every program: upper case, dashes as underscores. An executable below the usr folder of another root file
// system runs with the loader and the libraries of that one. What a program is, and which version, is asked of the
// program, never read from its name: `mysqld` may well be a MariaDB.
package sandbox
