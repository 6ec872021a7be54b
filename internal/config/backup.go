// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/internal/suggest"
)

// MethodJob is the method of a backup that is runs of a job. The others read files
// or tables.
const MethodJob = "job"

// The other methods of which this package must know something.
const (
	methodMysqldump     = "mysqldump"      // its files end with a trailer
	methodMysqlBackup   = "mysqlbackup"    // it reads tables alone
	methodXtrabackup    = "xtrabackup"     // the server may remember its runs
	methodMariadbBackup = "mariadb-backup" // likewise
	methodWalG          = "wal-g"          // nothing is read but what describes its backups
	methodRestic        = "restic"         // likewise
)

// Backup is a backup and what is promised of it. A zero promise was not made.
type Backup struct {
	Name, Target, Method string
	Path                 string // pattern of the files, for methods that make files
	S3                   *S3    // how the bucket of the path is reached; nil: it is in none
	HistoryTable         bool   // the server's own history is read too
	RunType, Task        string // of the runs, for MethodJob
	ExpectedInterval     time.Duration
	MaxDuration          time.Duration
	MinSize              int64  // bytes
	Trailer              bool   // a dump must end with the line that says so
	VerifyLevel          string // empty: nothing is verified
	VerifyInterval       time.Duration
	ReadRate             int64 // bytes per second; 0: the default
	RestoreTestInterval  time.Duration
	MaxDataLoss          time.Duration // of the newest data, if the server is lost
	RestoreTolerance     float64       // 0: it is not compared with the target
	RestoreChecks        []RestoreCheck
}

// RestoreCheck is a query to the restored tables and what it has to give.
type RestoreCheck struct{ Query, Expect string }

// S3 is how a bucket is reached.
type S3 struct {
	Endpoint, Region string
	Plain            bool // HTTP
	AccessKey        string

	secretKey     Secret
	secretKeyFile string
}

// SecretKey returns the access key's secret, read anew from the file that holds it.
func (s *S3) SecretKey() (string, error) {
	if s.secretKeyFile == "" {
		return s.secretKey.Reveal(), nil
	}
	data, err := os.ReadFile(s.secretKeyFile)
	if err != nil {
		return "", fmt.Errorf("secret_key_file: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

func (b *backupEntry) setDefaults(target string) {
	setDefault(&b.Target, target)
	setDefault(&b.MaxDuration, duration(10*time.Minute))
	switch b.Method {
	case MethodJob:
		setDefault(&b.RunType, "backup")
	case methodMysqldump:
		setDefault(&b.Trailer, trailerRequired)
	case methodXtrabackup, methodMariadbBackup:
		setDefault(&b.HistoryTable, historyNone)
	}
	b.S3.setDefaults()
	if b.Verify != nil {
		setDefault(&b.Verify.Level, "stream")
	}
}

func (s *s3Entry) setDefaults() {
	if s != nil {
		setDefault(&s.Endpoint, "s3.amazonaws.com")
	}
}

// The values of a backup's trailer and history_table.
const (
	trailerRequired = "required"
	trailerNone     = "none"
	historyAuto     = "auto"
	historyNone     = "none"
)

func (v *validator) backups(entries []backupEntry) {
	names := map[string]bool{}
	for i, e := range entries {
		key := fmt.Sprintf("backups[%d]", i)
		v.name(key+".name", e.Name, names)
		v.target(key+".target", e.Target)
		switch methods := v.known.Methods; {
		case e.Method == "":
			v.add(key+".method", "missing: %s", suggest.Name("", methods))
		case len(methods) > 0 && !slices.Contains(methods, e.Method):
			v.add(key+".method", "%q cannot be watched: %s", e.Method, suggest.Name(e.Method, methods))
		case e.Method == MethodJob:
			v.runs(key, e)
		case e.Method == methodMysqlBackup:
			v.tables(key, e)
		default:
			v.files(key, e)
		}
		b := Backup{
			Name: e.Name, Target: e.Target, Method: e.Method, Path: e.Path, S3: v.s3(key+".s3", e.Path, e.S3),
			HistoryTable: e.HistoryTable == historyAuto, RunType: e.RunType, Task: e.Task,
			ExpectedInterval: time.Duration(e.ExpectedInterval), MaxDuration: time.Duration(e.MaxDuration),
			MinSize: int64(e.MinSize), Trailer: e.Trailer == trailerRequired,
			MaxDataLoss: time.Duration(e.MaxDataLoss),
		}
		if e.Verify != nil {
			v.oneOf(key+".verify.level", e.Verify.Level, "complete", "stream", "checksum")
			b.VerifyLevel, b.VerifyInterval, b.ReadRate = e.Verify.Level, time.Duration(e.Verify.Interval), int64(e.Verify.Rate)
		}
		if e.RestoreTest != nil {
			v.restoreTest(key+".restore_test", e.RestoreTest, &b)
		}
		v.config.backups = append(v.config.backups, b)
	}
}

func (v *validator) restoreTest(key string, e *restoreTestEntry, b *Backup) {
	if e.Interval == 0 {
		v.add(key+".interval", "missing")
	}
	b.RestoreTestInterval, b.RestoreTolerance = time.Duration(e.Interval), float64(e.Tolerance)
	for i, c := range e.Checks {
		at := fmt.Sprintf("%s.checks[%d]", key, i)
		v.required(at+".query", c.Query)
		if strings.HasSuffix(strings.TrimSpace(c.Query), ";") {
			v.add(at+".query", "one statement, without its semicolon")
		}
		if c.Expect == "" {
			v.add(at+".expect", "missing: want the value that the query gives, as text, such as %q", "1")
		}
		b.RestoreChecks = append(b.RestoreChecks, RestoreCheck(c))
	}
}

// inBucket is how the path of an object begins.
const inBucket = "s3://"

// files checks a backup that is files.
func (v *validator) files(key string, e backupEntry) {
	historical := e.Method == methodXtrabackup || e.Method == methodMariadbBackup
	if historical {
		v.oneOf(key+".history_table", e.HistoryTable, historyAuto, historyNone)
	} else {
		v.unused(key+".history_table", e.HistoryTable, "only for methods xtrabackup and mariadb-backup")
	}
	if !historical || e.HistoryTable != historyAuto {
		v.required(key+".path", e.Path)
	}
	v.pattern(key+".path", e.Path)
	if e.Method == methodMysqldump {
		v.oneOf(key+".trailer", e.Trailer, trailerRequired, trailerNone)
	} else {
		v.unused(key+".trailer", e.Trailer, "only for method: mysqldump")
	}
	if described := e.Method == methodWalG || e.Method == methodRestic; described && e.Verify != nil {
		v.add(key+".verify", "not for method: %s, whose backups only the tool itself can read", e.Method)
	}
	const only = "only for method: job"
	v.unused(key+".run_type", e.RunType, only)
	v.unused(key+".task", e.Task, only)
}

// pattern checks a pattern of files or objects.
func (v *validator) pattern(key, pattern string) {
	rest, bucket := strings.CutPrefix(pattern, inBucket)
	if !bucket {
		v.absolute(key, pattern)
	} else if name, objects, _ := strings.Cut(rest, "/"); name == "" || objects == "" {
		v.add(key, "want s3://BUCKET/PATTERN")
	}
	if _, err := path.Match(rest, ""); err != nil {
		v.add(key, "not a pattern: %v; * and ? match anything but /, [ must be closed", err)
	}
}

// s3 checks how the bucket is reached, and returns it for a path in one.
func (v *validator) s3(key, path string, s *s3Entry) *S3 {
	bucket := strings.HasPrefix(path, inBucket)
	switch {
	case !bucket && s != nil:
		v.add(key, "only for a path that begins with s3://")
		return nil
	case !bucket:
		return nil
	case s == nil:
		return &S3{Endpoint: "s3.amazonaws.com"}
	}
	secrets := 0
	for _, set := range []bool{!s.SecretKey.IsZero(), s.SecretKeyFile != ""} {
		if set {
			secrets++
		}
	}
	switch {
	case s.AccessKey == "" && secrets > 0:
		v.add(key+".access_key", "missing: a secret is no use without its key")
	case s.AccessKey != "" && secrets != 1:
		v.add(key+".access_key", "want one of secret_key and secret_key_file with it")
	}
	if strings.Contains(s.Endpoint, "/") {
		v.add(key+".endpoint", "want host or host:port; say plain: true for HTTP")
	}
	v.absolute(key+".secret_key_file", s.SecretKeyFile)
	return &S3{
		Endpoint: s.Endpoint, Region: s.Region, Plain: s.Plain, AccessKey: s.AccessKey,
		secretKey: s.SecretKey, secretKeyFile: s.SecretKeyFile,
	}
}

// runs checks a backup that is runs of a job.
func (v *validator) runs(key string, e backupEntry) {
	v.required(key+".task", e.Task)
	v.nothingOfFiles(key, e, "not for method: job, whose runs report what they wrote")
}

// tables checks a backup that is read from tables alone.
func (v *validator) tables(key string, e backupEntry) {
	v.nothingOfFiles(key, e, "not for method: mysqlbackup, which is read from the server's tables")
	const only = "only for method: job"
	v.unused(key+".run_type", e.RunType, only)
	v.unused(key+".task", e.Task, only)
}

func (v *validator) nothingOfFiles(key string, e backupEntry, why string) {
	v.unused(key+".path", e.Path, why)
	v.unused(key+".trailer", e.Trailer, why)
	v.unused(key+".history_table", e.HistoryTable, why)
	if e.Verify != nil {
		v.unused(key+".verify", cmp.Or(e.Verify.Level, "given"), why)
	}
}
