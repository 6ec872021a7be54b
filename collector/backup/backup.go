// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"slices"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

// Options say which backups of a target are watched.
type Options struct {
	Backups []Backup
	// Archives hold the binary logs of the target's server, with which the backups are
	// rolled forward.
	Archives []Archive
	// Runs holds what jobs report: backups by the method "job", and restore tests.
	Runs *job.Store
	// StateDir is a folder in which is kept what was read of large files, so that
	// they are not read again after a restart. Empty: it is not kept.
	StateDir string
}

// Backup is a backup and what is promised of it. A zero promise was not made.
type Backup struct {
	Name   string // its label on every series
	Method string // one of [Methods]
	// Path is the pattern of the files, for methods that make files. Each match is
	// one run. As in a shell, * and ? do not match a slash or a leading dot.
	// It may be in a bucket: s3://bucket/nightly/*.sql.gz.
	Path string
	S3   *S3 // how the bucket is reached; nil: Path is in none
	// History says that the server's own history is read too (xtrabackup,
	// mariadb-backup). Without a Path it alone is read.
	History bool
	// RunType and Task say which job's runs make it, for the method "job".
	RunType, Task string

	ExpectedInterval time.Duration // how often a new one is due
	// MaxDuration is how long one may take. Also, what has not grown for a tenth of
	// it is no longer being written. 0: ten minutes.
	MaxDuration time.Duration
	MinSize     int64 // of a good one, in bytes
	// Trailer says that a dump must end with the line that mysqldump ends it with.
	Trailer bool
	// VerifyLevel is the level to which the newest good one is verified, by reading
	// all of it from Stream on, and VerifyInterval how often.
	VerifyLevel    Level
	VerifyInterval time.Duration
	// ReadRate bounds how fast large files are read, in bytes per second. 0: 32 MiB.
	ReadRate int64
	// RestoreTestInterval is how often a restore test was promised. Restore tests are
	// runs of the type restore_test whose task is the backup's name.
	RestoreTestInterval time.Duration
	// MaxDataLoss is how much of the newest data may be lost: how far behind now the
	// newest moment may be that can be restored.
	MaxDataLoss time.Duration
}

func (b *Backup) inBucket() bool { return b.S3 != nil && strings.HasPrefix(b.Path, bucketScheme) }

const defaultMaxDuration = 10 * time.Minute

// Definition declares the collector of a target's backups.
func Definition(opts Options) collector.Definition {
	return collector.Definition{
		Name:     "backup",
		Help:     "Backups: when they were made, with which outcome and size, what was promised of them, and how far they reach with binary logs.",
		Default:  true,
		Cost:     "None on the scrape. Beside it: a look into the folders and SHOW BINARY LOGS every 10 seconds, and each new file is read once.",
		Families: slices.Concat(families, binlogFamilies),
		Needs: collector.Needs{Privileges: map[collector.Flavour][]collector.Privilege{
			collector.MySQL:   {historyPrivilege(), binlogPrivileges()[collector.MySQL]},
			collector.MariaDB: {historyPrivilege(), binlogPrivileges()[collector.MariaDB]},
		}},
		New: func(target *collector.Target) collector.Collector {
			return newWatches(opts, target)
		},
	}
}

// historyPrivilege is for a table that only some servers have.
func historyPrivilege() collector.Privilege {
	return collector.Privilege{
		Name: "SELECT", On: "PERCONA_SCHEMA.xtrabackup_history", Optional: true,
		Why: "the server's own backup history, where one is read; on MariaDB 10.11 and later it is " +
			"mysql.mariadb_backup_history, with MySQL Enterprise Backup mysql.backup_history and mysql.backup_progress",
	}
}
