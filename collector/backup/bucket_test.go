// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// fakeS3 is an S3-compatible service with one bucket.
type fakeS3 struct {
	*s3mem.Backend
	options  S3
	requests atomic.Int64
}

func newFakeS3(t *testing.T) *fakeS3 {
	t.Helper()
	f := &fakeS3{Backend: s3mem.New()}
	if err := f.CreateBucket("backups"); err != nil {
		t.Fatal(err)
	}
	inner := gofakes3.New(f.Backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests.Add(1)
		inner.ServeHTTP(w, r)
	}))
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	f.options = S3{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Region: "us-east-1", Plain: true, AccessKey: "key",
		SecretKey: func() (string, error) { return "secret", nil }, Transport: transport,
	}
	return f
}

func (f *fakeS3) put(t *testing.T, key string, text []byte) {
	t.Helper()
	_, err := f.PutObject("backups", key, map[string]string{
		"Last-Modified": time.Now().UTC().Format(http.TimeFormat),
	}, bytes.NewReader(text), int64(len(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
}

// at is the source of a method that reads files, in the bucket.
func (f *fakeS3) at(m method, c *clock, pattern string, more Backup) *fileSource {
	more.Path, more.S3 = bucketScheme+"backups/"+pattern, &f.options
	return fileSourceOf(m, c, more)
}

func TestDumpsInABucket(t *testing.T) {
	s3 := newFakeS3(t)
	gzip := compressors(t)[".sql.gz"]
	packed := gzip([]byte(plainDump + strings.Repeat("x", 5<<20) + "\n" + plainDump))
	s3.put(t, "nightly/1.sql.gz", packed)
	s3.put(t, "nightly/2.sql", []byte(plainDump))
	s3.put(t, "nightly/3.sql.gz", packed[:len(packed)/2])
	s3.put(t, "nightly/older/4.sql", []byte(plainDump))
	s3.put(t, "weekly/5.sql", []byte(plainDump))
	now := new(clock)
	now.advance(hour)
	source := s3.at(mysqldump(), now, "nightly/*", Backup{Trailer: true})
	runs := judged(t, source)
	if len(runs) != 4 {
		t.Errorf("got %v", runs)
	}
	if r := wantStatus(t, runs, "1.sql.gz", Success); r.Stored != int64(len(packed)) || r.Level != Stream {
		t.Errorf("got %+v", r)
	}
	wantStatus(t, runs, "2.sql", Success)
	wantStatus(t, runs, "3.sql.gz", Partial)
	wantStatus(t, runs, "older", Success)
	before := s3.requests.Load()
	judged(t, source)
	if lists := s3.requests.Load() - before; lists > 3 {
		t.Errorf("%d requests for what is known", lists)
	}
	if got := judged(t, s3.at(mysqldump(), now, "*/5.sql", Backup{Trailer: true})); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestFoldersInABucket(t *testing.T) {
	s3 := newFakeS3(t)
	zstd := compressors(t)[".sql.zst"]
	s3.put(t, "erp/2026-11-24/metadata", []byte("# Started dump at: 2026-11-24 02:00:00\n# Finished dump at: 2026-11-24 02:03:00\n"))
	s3.put(t, "erp/2026-11-24/erp.invoice.00000.sql.zst", zstd([]byte("INSERT INTO `invoice` VALUES (1);\n")))
	s3.put(t, "erp/2026-11-25/metadata.partial", []byte("# Started dump at: 2026-11-25 02:00:00\n"))
	now := new(clock)
	source := s3.at(mydumper(), now, "erp/*", Backup{VerifyLevel: Stream})
	runs := judged(t, source)
	wantStatus(t, runs, "2026-11-24", Success)
	wantStatus(t, runs, "2026-11-25", Running)
	now.advance(hour)
	runs = judged(t, source)
	if r := wantStatus(t, runs, "2026-11-24", Success); r.Level != Stream {
		t.Errorf("got %+v", r)
	}
	wantStatus(t, runs, "2026-11-25", Partial)
	s3.put(t, "erp/2026-11-25/metadata", []byte("# Started dump at: 2026-11-25 02:00:00\n# Finished dump at: 2026-11-25 02:03:00\n"))
	s3.put(t, "erp/2026-11-25/erp-schema-create.sql", []byte("CREATE DATABASE erp"))
	wantStatus(t, judged(t, source), "2026-11-25", Success)
}

func TestBucketThatCannotBeReadIsAnError(t *testing.T) {
	s3, now := newFakeS3(t), new(clock)
	missing := Backup{Path: "s3://elsewhere/*", S3: &s3.options}
	if _, err := fileSourceOf(mysqldump(), now, missing).look(t.Context()); err == nil || !strings.Contains(err.Error(), "elsewhere") {
		t.Errorf("got %v", err)
	}
	store := &bucket{options: s3.options}
	if _, err := store.open(t.Context(), "s3://backups/nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	broken := s3.options
	broken.SecretKey = func() (string, error) { return "", errors.New("no secret") }
	if _, err := (&bucket{options: broken}).glob(t.Context(), "s3://backups/*"); err == nil {
		t.Error("no error without a secret")
	}
}

func TestLargeObjectIsReadInFewRequests(t *testing.T) {
	s3 := newFakeS3(t)
	text := bytes.Repeat([]byte("0123456789abcdef"), 2<<20) // 32 MiB
	s3.put(t, "large", text)
	o, err := (&bucket{options: s3.options}).open(t.Context(), "s3://backups/large")
	if err != nil {
		t.Fatal(err)
	}
	before := s3.requests.Load()
	buf, got := make([]byte, readChunk), 0
	for offset := int64(0); offset < int64(len(text)); offset += readChunk {
		n, err := o.ReadAt(buf, offset)
		if err != nil || !bytes.Equal(buf[:n], text[offset:offset+int64(n)]) {
			t.Fatalf("at %d: %d bytes, %v", offset, n, err)
		}
		got += n
	}
	if n := s3.requests.Load() - before; got != len(text) || n > 12 {
		t.Errorf("%d bytes in %d requests", got, n)
	}
	if n, err := o.ReadAt(buf[:10], 7); err != nil || !bytes.Equal(buf[:n], text[7:17]) {
		t.Errorf("back to the beginning: %q, %v", buf[:n], err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
}
