// SPDX-License-Identifier: Apache-2.0

package config

// The types in this file are the YAML file, key by key. docs/configuration.md is
// generated from them and their comments by `make docs`: the text
// after a field's name is what the reader of that page sees.

// file is the whole configuration.
type file struct {
	// The database servers and how to log in to them.
	MySQL mysqlSection `yaml:"mysql"`
	// Switches collectors on and off, by name ("mysql.processlist") or by group
	// ("mysql"); the more specific one wins. The flags --collector.NAME and
	// --no-collector.NAME win over this.
	Collectors map[string]bool `yaml:"collectors,omitempty"`
	// The migration histories to read.
	Migrations migrationSection `yaml:"migrations"`
	// The backups to watch.
	Backups []backupEntry `yaml:"backups,omitempty"`
	// The archives of binary logs, with which a backup is rolled forward to a later
	// moment.
	BinlogArchives []archiveEntry `yaml:"binlog_archives,omitempty"`
	// Runs that `dbsyncctl run` and POST /api/v1/runs report.
	Jobs jobSection `yaml:"jobs"`
	// Planned work: while a window is open, dbsync_maintenance_active is 1 and the
	// shipped rules keep quiet about what the work excuses.
	Maintenance []maintenanceEntry `yaml:"maintenance,omitempty"`
	// The HTTP interfaces to watch, an API gateway's above all; served with
	// default_target.
	APIs []apiEntry `yaml:"apis,omitempty"`
	// The logs of which lines are counted; served with default_target.
	Logs []logEntry `yaml:"logs,omitempty"`
	// What is read of the host that the exporter runs on.
	Host hostSection `yaml:"host"`
}

type mysqlSection struct {
	// Credentials and TLS by name, never addresses: a target names its module.
	Modules map[string]moduleEntry `yaml:"modules,omitempty"`
	// The servers.
	Targets []targetEntry `yaml:"targets,omitempty"`
	// The target that /metrics serves, and that every history, backup and window
	// without a target belongs to. Default: the first target.
	DefaultTarget string `yaml:"default_target,omitempty"`
	// Where pt-heartbeat writes, on every target.
	Heartbeat heartbeatEntry `yaml:"heartbeat,omitempty"`
	// The free-form targets that /probe may dial, as network and port
	// ("10.20.0.0/16:3306"), compared with the address that is really dialled.
	// Default: none, only named targets.
	ProbeAllow []network `yaml:"probe_allow,omitempty"`
	// Connections per target, all requests together; one more is held in reserve to
	// end statements that overrun. Default: 2.
	MaxConnections int `yaml:"max_connections,omitempty"`
}

type moduleEntry struct {
	// The account.
	User string `yaml:"user,omitempty"`
	// Its password; write ${NAME} to take it from the environment.
	Password Secret `yaml:"password,omitempty"`
	// A file that holds the password. It is read again when the server refuses the
	// login, so that a rotated password is picked up.
	PasswordFile string `yaml:"password_file,omitempty"`
	// A MySQL option file whose [client] section gives user, password and TLS files;
	// keys beside this one win. Its host, port and socket are not used here.
	MyCnf string `yaml:"my_cnf,omitempty"`
	// How the connection is protected.
	TLS tlsEntry `yaml:"tls"`
}

type tlsEntry struct {
	// auto (loopback and sockets as they come, else verify-full), verify-full,
	// verify-ca, disabled, or insecure: TLS that verifies nothing, for a network you
	// trust with the password. Default: auto.
	Mode string `yaml:"mode,omitempty"`
	// The certificate authorities, PEM. Default: the system's.
	CAFile string `yaml:"ca_file,omitempty"`
	// A client certificate, PEM.
	CertFile string `yaml:"cert_file,omitempty"`
	// The key of the client certificate, PEM.
	KeyFile string `yaml:"key_file,omitempty"`
	// The server's RSA public key, PEM, for caching_sha2_password without TLS.
	ServerPublicKey string `yaml:"server_public_key,omitempty"`
}

type targetEntry struct {
	// The server's name: the value of ?target=, and of the instance label in the
	// shipped scrape configuration.
	Name string `yaml:"name"`
	// host:port, or unix:///path/of/the.sock.
	Address string `yaml:"address"`
	// The module that holds its credentials. Default: "default".
	Module string `yaml:"module,omitempty"`
	// The target that it replicates from. What each of the two has executed is compared:
	// transactions that the replica lacks, and those that only the replica has. Default:
	// none, it is compared with nothing.
	Source string `yaml:"source,omitempty"`
}

type heartbeatEntry struct {
	// The table of pt-heartbeat, as schema.table. Default: the table heartbeat of any
	// schema that has the tool's columns.
	Table string `yaml:"table,omitempty"`
	// Whether pt-heartbeat runs with --utc. Without it the tool writes the local time of
	// its own host, which is then taken to be in the server's time zone.
	UTC bool `yaml:"utc,omitempty"`
}

type migrationSection struct {
	// Whether to read every known history table that the account can see.
	// Default: true.
	Discover *bool `yaml:"discover,omitempty"`
	// Histories that need more than discovery knows.
	Histories []historyEntry `yaml:"histories,omitempty"`
	// The schemas (databases) to fingerprint on every server that has them, so that
	// servers that should be alike can be compared. What `dbsyncctl check drift`
	// compares, too.
	CompareSchemas []string `yaml:"compare_schemas,omitempty"`
}

type historyEntry struct {
	// The server that holds it. Default: default_target.
	Target string `yaml:"target,omitempty"`
	// The schema (database) that is migrated.
	Schema string `yaml:"schema"`
	// The migration tool.
	Tool string `yaml:"tool"`
	// The history table. Default: the tool's own.
	Table string `yaml:"table,omitempty"`
	// The folder of the migration files, which shows what is pending. Or a file: one
	// that lists their names, one a line; for Liquibase the change log that includes
	// the others.
	Directory string `yaml:"directory,omitempty"`
	// The name of the list of migration files that a release pushes, where the files
	// are not on this host: see `dbsyncctl migration revisions`. Not together with
	// directory.
	Revisions string `yaml:"revisions,omitempty"`
	// How long a migration may run before it counts as stuck.
	MaxDuration duration `yaml:"max_duration,omitempty"`
	// Says that the tool takes no lock (golang-migrate's x-no-lock), so that a dirty
	// history may be a running migration as well as a failed one.
	NoLock bool `yaml:"no_lock,omitempty"`
}

type backupEntry struct {
	// The backup's name, its label on every series.
	Name string `yaml:"name"`
	// The server that is backed up. Default: default_target.
	Target string `yaml:"target,omitempty"`
	// How it is made: mysqldump, mydumper, mysqlsh, xtrabackup, mariadb-backup, wal-g,
	// restic or files (what they write is watched), mysqlbackup (the tables of MySQL
	// Enterprise Backup are), or job (runs that are reported, see runs.md).
	Method string `yaml:"method"`
	// Where the files are, as a pattern: each match, a file or a folder, is one backup.
	// In a bucket: s3://bucket/nightly/*.sql.gz. For wal-g the pattern is of sentinels,
	// for restic of a file that keeps what `restic snapshots --json` prints.
	Path string `yaml:"path,omitempty"`
	// How the bucket is reached, for a path that begins with s3://.
	S3 *s3Entry `yaml:"s3,omitempty"`
	// For xtrabackup and mariadb-backup: auto reads the server's own history of backups
	// made with --history too, and alone where there is no path. Default: none.
	HistoryTable string `yaml:"history_table,omitempty"`
	// For method job: the run_type of its runs. Default: backup.
	RunType string `yaml:"run_type,omitempty"`
	// For method job: the task of its runs.
	Task string `yaml:"task,omitempty"`
	// How often a new one is due.
	ExpectedInterval duration `yaml:"expected_interval,omitempty"`
	// How long one may take. What has not grown for a tenth of it is no longer being
	// written. Default: 10m.
	MaxDuration duration `yaml:"max_duration,omitempty"`
	// The least size of a good one: of its content before compression, where that is
	// known, else of what it takes.
	MinSize size `yaml:"min_size,omitempty"`
	// Whether a dump must end with mysqldump's "Dump completed" line: required, or
	// none for dumps made with --skip-comments or --compact, or encrypted. Default:
	// required. A compressed dump is read once, whole, to see its last line.
	Trailer string `yaml:"trailer,omitempty"`
	// How far the newest good one is verified, at once when it is there.
	Verify *verifyEntry `yaml:"verify,omitempty"`
	// The restore tests that were promised.
	RestoreTest *restoreTestEntry `yaml:"restore_test,omitempty"`
	// How much of the newest data may be lost if the server is: how far behind now the
	// newest moment may be that the backup and the archived binary logs reach.
	MaxDataLoss duration `yaml:"max_data_loss,omitempty"`
}

type archiveEntry struct {
	// The server whose logs they are. Default: default_target.
	Target string `yaml:"target,omitempty"`
	// The folder to which they are copied, by `mysqlbinlog --raw --stop-never`, by
	// mariadb-binlog or as files, compressed or not. It may be a pattern of the files,
	// and in a bucket: s3://bucket/binlog.
	Path string `yaml:"path"`
	// How the bucket is reached, for a path that begins with s3://.
	S3 *s3Entry `yaml:"s3,omitempty"`
}

type s3Entry struct {
	// The service, as host or host:port. Default: s3.amazonaws.com.
	Endpoint string `yaml:"endpoint,omitempty"`
	// Its region. Default: the service is asked.
	Region string `yaml:"region,omitempty"`
	// Whether to speak HTTP without TLS, for a service on this machine.
	Plain bool `yaml:"plain,omitempty"`
	// The access key. Default: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the
	// environment, or the machine's role.
	AccessKey string `yaml:"access_key,omitempty"`
	// Its secret; write ${NAME} to take it from the environment.
	SecretKey Secret `yaml:"secret_key,omitempty"`
	// A file that holds the secret. It is read again with each look.
	SecretKeyFile string `yaml:"secret_key_file,omitempty"`
}

type verifyEntry struct {
	// complete (its maker's last mark is there), stream (all of it is read, and its
	// streams' checksums match) or checksum (those that lie beside it do too).
	// Default: stream.
	Level string `yaml:"level,omitempty"`
	// How often: longer is told, and one that does not change is read again then.
	Interval duration `yaml:"interval,omitempty"`
	// How much of large files is read per second, so that the database keeps its disk.
	// It also bounds what is read to judge compressed backups. Default: 32MiB.
	Rate size `yaml:"rate,omitempty"`
}

type restoreTestEntry struct {
	// How often one is due. It is a run of run_type restore_test whose task is the
	// backup's name, as `dbsyncctl backup restore-test` reports it.
	Interval duration `yaml:"interval"`
	// Compare with the target: how far the numbers of rows may lie apart, such as 5%.
	// The account needs SELECT on the tables then. Default: only with --live.
	Tolerance share `yaml:"tolerance,omitempty"`
	// Your own questions to the restored tables.
	Checks []restoreCheckEntry `yaml:"checks,omitempty"`
}

type restoreCheckEntry struct {
	// A query that gives one row of one column, such as SELECT COUNT(*) > 0 FROM erp.invoice.
	Query string `yaml:"query"`
	// What it gives, as text.
	Expect string `yaml:"expect"`
}

type jobSection struct {
	// The folder that keeps the newest runs. Default: /var/lib/dbsync.
	StateDir string `yaml:"state_dir,omitempty"`
}

type maintenanceEntry struct {
	// The server that is worked on. Default: default_target.
	Target string `yaml:"target,omitempty"`
	// When it begins, with the time zone.
	Start instant `yaml:"start"`
	// How long it lasts.
	Duration duration `yaml:"duration"`
	// Why, for people.
	Reason string `yaml:"reason,omitempty"`
}

type apiEntry struct {
	// Its name, the label on every series.
	Name string `yaml:"name"`
	// The access log to follow.
	AccessLog string `yaml:"access_log,omitempty"`
	// How its lines are written: json (by nginx's names of variables), envoy,
	// traefik, kong, caddy, combined (with the response time at the end, or without),
	// or pattern. Default: json.
	Format string `yaml:"format,omitempty"`
	// Where a JSON format keeps method, path, code and duration, when elsewhere than
	// usual: {code: response.status}.
	Fields map[string]string `yaml:"fields,omitempty"`
	// For format pattern: a regular expression with groups named code and, where the
	// log has them, method, path and duration: (?P<code>\d{3}).
	Pattern string `yaml:"pattern,omitempty"`
	// What the log's duration counts: s, ms, us or ns. Default: the format's own.
	Unit string `yaml:"unit,omitempty"`
	// Templates of paths to tell apart, such as /orders/{id} or /static/*; the first
	// that matches counts. Default: none.
	Routes []string `yaml:"routes,omitempty"`
	// The share of requests that must not fail, for the burn rate alerts: 99.9%.
	Objective share `yaml:"objective,omitempty"`
	// What a request may take, for the latency alert.
	LatencyObjective duration `yaml:"latency_objective,omitempty"`
	// An address to ask every 15 seconds.
	Probe string `yaml:"probe,omitempty"`
	// The probe's method. Default: GET.
	ProbeMethod string `yaml:"probe_method,omitempty"`
	// The status codes that are right. Default: 200 to 299.
	ProbeCodes []int `yaml:"probe_codes,omitempty"`
	// A regular expression that the answer must match.
	ProbeBody string `yaml:"probe_body,omitempty"`
	// How long the answer may take. Default: 5s.
	ProbeTimeout duration `yaml:"probe_timeout,omitempty"`
	// The certificate authorities of an https probe, PEM. Default: the system's.
	ProbeCAFile string `yaml:"probe_ca_file,omitempty"`
}

type logEntry struct {
	// Its name, the label on every series.
	Name string `yaml:"name"`
	// The file.
	Path string `yaml:"path"`
	// How its lines are written: mysql (the error log), slow (the slow query log),
	// json, logfmt or plain. Default: plain.
	Format string `yaml:"format,omitempty"`
	// Regular expressions by name: the lines that match are counted.
	Patterns map[string]string `yaml:"patterns,omitempty"`
	// How long it may be silent. Default: no promise.
	ExpectedInterval duration `yaml:"expected_interval,omitempty"`
}

type hostSection struct {
	// Folders whose file systems are reported by the part they play.
	Paths []pathEntry `yaml:"paths,omitempty"`
	// Processes to report, by name. Default: mysqld, mariadbd.
	Processes []string `yaml:"processes,omitempty"`
}

type pathEntry struct {
	// datadir, binlog, tmpdir or backup.
	Role string `yaml:"role"`
	// The folder.
	Path string `yaml:"path"`
}
