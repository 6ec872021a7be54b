// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

var (
	recoverable = of("dbsync_backup_recoverable_until_timestamp_seconds",
		"The newest moment that can be restored, in Unix time: source backup by the backups alone (when the newest began, or "+
			"ended where that is not known), archive with the unbroken binary logs of an archive, server with those that only the "+
			"server has, too. It is now where the archive has all that the server had. A backup that does not know its place in "+
			"the binary log (see dbsync_backup_position_known) is taken to need the log of its own moment.", "source")
	positionKnown = of("dbsync_backup_position_known",
		"Whether the newest good backup says from where in the binary log on it must be rolled forward; else only its time tells.")
	expectedPoint = &collector.Family{
		Name: "dbsync_backup_expected_recovery_point_seconds", Labels: []string{"backup", "method"}, MaxSeries: maxSeries,
		Help: "How much of the newest data may be lost, as configured.", Source: "the configuration (backups)",
	}

	archiveGap = ofArchive("dbsync_backup_binlog_archive_gap",
		"How many binary logs a missing link of an archive touches: nothing can be rolled forward over it. The logs that are "+
			"missing, one that is not whole, or those that the server has purged before they were archived. What is older than every "+
			"good backup is not shown.", "first_file", "last_file")
	archiveFiles = ofArchive("dbsync_binlog_archive_files",
		"Binary logs in an archive, by what is known of them: complete, open (the newest one), cut (its end is missing), encrypted "+
			"(only the server can read it), unread (compressed, not read to its end), and foreign (files with such a name that are none).", "state")
	archiveSize = ofArchive("dbsync_binlog_archive_size_bytes", "What the archived binary logs take.")
	archiveLast = ofArchive("dbsync_binlog_archive_last_event_timestamp_seconds",
		"When the newest event that is archived was written, in Unix time.")
	archiveFirst = ofArchive("dbsync_binlog_archive_first_event_timestamp_seconds",
		"When the oldest log of the newest unbroken part of the archive was begun, in Unix time.")
	archiveLagBytes = ofArchive("dbsync_binlog_archive_lag_bytes",
		"Bytes of the server's binary logs that the archive lacks.")
	archiveLagFiles = ofArchive("dbsync_binlog_archive_lag_files",
		"Finished binary logs of the server that the archive lacks, or has in part: what is lost when they are purged.")

	serverVisible = ofServer("dbsync_binlog_server_visible",
		"Whether the account may see the server's binary logs; else nothing is known of how far an archive is behind.",
		"SHOW GRANTS")
	serverExpire = ofServer("dbsync_mysql_binlog_expire_seconds",
		"After which time the server removes a binary log, by whichever variable it has; absent where it never does.",
		"SHOW GLOBAL VARIABLES")

	binlogFamilies = []*collector.Family{
		recoverable, positionKnown, expectedPoint, archiveGap, archiveFiles, archiveSize, archiveFirst, archiveLast,
		archiveLagBytes, archiveLagFiles, serverVisible, serverExpire,
	}
)

// maxGaps bounds the missing links that are shown.
const maxGaps = 100

func ofArchive(name, help string, labels ...string) *collector.Family {
	return &collector.Family{
		Name: name, Help: help, Type: collector.Gauge, Labels: append([]string{"archive"}, labels...),
		Source: "the archive's files and SHOW BINARY LOGS", MaxSeries: maxGaps,
	}
}

func ofServer(name, help, source string) *collector.Family {
	return &collector.Family{Name: name, Help: help, Type: collector.Gauge, Source: source}
}

// collect shows the archives, and how far the backups reach with them.
func (b *binlogs) collect(ctx context.Context, out *collector.Sink, watches []*watch) {
	server, err := b.answers()
	if !server.asked.IsZero() || err != nil {
		out.Source(ctx, "binary logs", func(_ context.Context, out *collector.Sink) error {
			return b.emitServer(out, &server, err)
		})
	}
	var since time.Time // the oldest moment that a backup holds
	runs := make([][]Run, len(watches))
	for i, w := range watches {
		s := w.known(ctx)
		if w.failure(s) == nil {
			runs[i] = s.restorable
		}
		if oldest := s.oldest; !oldest.IsZero() && (since.IsZero() || oldest.Before(since)) {
			since = oldest
		}
	}
	var archives []archiveState
	for _, a := range b.archives {
		out.Source(ctx, a.archive.options.Path, func(ctx context.Context, out *collector.Sink) error {
			s, failed := a.found(ctx)
			if failed != nil {
				return failed
			}
			archives = append(archives, s)
			emitArchive(out, a.archive.options.Path, &s, &server, since)
			if err == nil {
				emitLag(out, a.archive.options.Path, &s, &server)
			}
			return nil
		})
	}
	for i, w := range watches {
		if promised := w.backup.MaxDataLoss; promised > 0 {
			out.Emit(expectedPoint, promised.Seconds(), w.backup.Name, w.backup.Method)
		}
		emitRecovery(out, &w.backup, recoverFrom(runs[i], archives, &server))
	}
}

// emitServer shows what is known of the server's logs now. That it cannot be reached
// is told elsewhere.
func (b *binlogs) emitServer(out *collector.Sink, s *serverLogs, err error) error {
	if failed := new(collector.ConnectError); errors.As(err, &failed) {
		return nil
	}
	if err != nil {
		return err
	}
	out.Emit(serverVisible, collector.Bool(s.visible))
	if s.on && s.expire > 0 {
		out.Emit(serverExpire, s.expire.Seconds())
	}
	return nil
}

func emitArchive(out *collector.Sink, path string, a *archiveState, s *serverLogs, since time.Time) {
	for _, state := range archivedStates() {
		out.Emit(archiveFiles, float64(a.counts[state]), path, string(state))
	}
	out.Emit(archiveSize, float64(a.stored), path)
	if chain, ends := a.newest(s); len(chain) > 0 {
		last := len(chain) - 1
		emitTime(out, archiveLast, chain.Until(last), path)
		for i, end := range ends {
			if end == last {
				emitTime(out, archiveFirst, chain[i].File.First, path)
				break
			}
		}
	}
	for i, g := range a.gaps(s, since) {
		if i == maxGaps {
			break
		}
		out.Emit(archiveGap, float64(g.Logs()), path, g.First.String(), g.Last.String())
	}
}

func emitLag(out *collector.Sink, path string, a *archiveState, s *serverLogs) {
	if l, known := a.behind(s); known {
		out.Emit(archiveLagBytes, float64(l.bytes), path)
		out.Emit(archiveLagFiles, float64(l.logs), path)
	}
}

func emitTime(out *collector.Sink, f *collector.Family, t time.Time, labels ...string) {
	if !t.IsZero() {
		out.Emit(f, float64(t.UnixMilli())/1000, labels...)
	}
}

func emitRecovery(out *collector.Sink, b *Backup, r recovery) {
	if r.backup.IsZero() {
		return
	}
	out.Emit(positionKnown, collector.Bool(r.placed), b.Name, b.Method)
	emitTime(out, recoverable, r.backup, b.Name, b.Method, "backup")
	emitTime(out, recoverable, r.archive, b.Name, b.Method, "archive")
	emitTime(out, recoverable, r.server, b.Name, b.Method, "server")
}
