// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package restore restores a backup into a throw-away server and tells whether that worked.
//
// [Run] is the whole test: it puts a server of the backup's own series beside the live one, behind a unix socket that
// nobody else can reach and without network, restores (one small file per method: dump.go, mydumper.go, physical.go),
// starts the server anew on what was restored, and looks at every table (check.go). Its [Verdict] says whether the
// backup can be restored; an error says that this could not be found out, which is another thing.
//
// A backup is not trusted. Statements are sent by this package, not by a client program, so that nothing in a dump is
// taken for a command of a shell; nothing of the live server's login reaches the throw-away one.
//
// All files are below one folder, which goes at the end of the test. What a killed test has left is found by the next
// one (leftovers.go).
package restore
