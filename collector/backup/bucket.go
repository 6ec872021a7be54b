// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 says how a bucket is reached that a path such as s3://bucket/nightly/*.sql.gz
// names.
type S3 struct {
	Endpoint  string // host or host:port
	Region    string // empty: found out
	Plain     bool   // HTTP without TLS
	AccessKey string // empty: from the environment, or the machine's role
	// SecretKey returns the key's secret, so that a rotated one is picked up.
	SecretKey func() (string, error)
	// Transport is for a CA of one's own; nil: the default one.
	Transport http.RoundTripper
}

const (
	bucketScheme = "s3://"
	// bucketEvery is how often a bucket is listed: listing costs money.
	bucketEvery = 5 * time.Minute
)

// bucket is the store of an S3-compatible service. Paths in it begin with the
// bucket's name.
type bucket struct {
	options S3

	mu     sync.Mutex
	client *minio.Core
	secret string // that the client was made with
}

// connect returns the client, a new one when the secret was rotated.
func (b *bucket) connect() (*minio.Core, error) {
	keys, secret := credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.EnvMinio{}, &credentials.IAM{},
	}), ""
	if b.options.AccessKey != "" {
		var err error
		if secret, err = b.options.SecretKey(); err != nil {
			return nil, err
		}
		keys = credentials.NewStaticV4(b.options.AccessKey, secret, "")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.client != nil && b.secret == secret {
		return b.client, nil
	}
	client, err := minio.NewCore(b.options.Endpoint, &minio.Options{
		Creds: keys, Secure: !b.options.Plain, Region: b.options.Region, Transport: b.options.Transport,
	})
	if err != nil {
		return nil, err
	}
	b.client, b.secret = client, secret
	return client, nil
}

func (b *bucket) glob(ctx context.Context, pattern string) ([]file, error) {
	name, pattern, _ := strings.Cut(strings.TrimPrefix(pattern, bucketScheme), "/")
	prefix := pattern
	if first := strings.IndexAny(pattern, meta); first >= 0 {
		prefix = pattern[:first]
	}
	elements := strings.Split(pattern, "/")
	var found []file
	folders := map[string]int{} // their places in found
	err := b.list(ctx, name, prefix, func(f file, key string) error {
		parts := strings.Split(key, "/")
		ok, err := matchElements(elements, parts)
		switch {
		case err != nil || !ok:
			return err
		case len(parts) == len(elements):
			found = append(found, f)
		default: // below a folder that matches
			dir := bucketScheme + name + "/" + path.Join(parts[:len(elements)]...)
			i, known := folders[dir]
			if !known {
				i = len(found)
				folders[dir] = i
				found = append(found, file{path: dir, dir: true})
			}
			found[i].add(f)
		}
		if len(found) > maxMatches {
			return fmt.Errorf("the pattern matches more than %d objects: narrow it", maxMatches)
		}
		return nil
	})
	return found, err
}

// add makes a folder's fingerprint change whenever anything below it does.
func (f *file) add(below file) {
	f.modified = latest(f.modified, below.modified)
	f.size += below.size
	f.id[0]++
	f.id[1] ^= below.id[1]
}

// matchElements matches the first elements of a path. As in a shell, a leading dot
// must be written.
func matchElements(patterns, parts []string) (bool, error) {
	if len(parts) < len(patterns) {
		return false, nil
	}
	for i, pattern := range patterns {
		if strings.HasPrefix(parts[i], ".") && !strings.HasPrefix(pattern, ".") {
			return false, nil
		}
		if ok, err := path.Match(pattern, parts[i]); !ok {
			return false, err
		}
	}
	return true, nil
}

func (b *bucket) tree(ctx context.Context, dir string) ([]file, error) {
	name, prefix, _ := strings.Cut(strings.TrimPrefix(dir, bucketScheme), "/")
	var all []file
	err := b.list(ctx, name, prefix+"/", func(f file, _ string) error {
		all = append(all, f)
		if len(all) > maxTree {
			return fmt.Errorf("folder %s: more than %d objects below it", dir, maxTree)
		}
		return nil
	})
	return all, err
}

// list calls each for every object whose key begins with the prefix.
func (b *bucket) list(ctx context.Context, name, prefix string, each func(file, string) error) error {
	client, err := b.connect()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx) // ends the listing when it is left early
	defer cancel()
	for object := range client.ListObjectsIter(ctx, name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if object.Err != nil {
			return remedied(object.Err, name)
		}
		if strings.HasSuffix(object.Key, "/") { // what some tools make for a folder
			continue
		}
		tag := fnv.New64a()
		_, _ = io.WriteString(tag, object.Key+"\x00"+object.ETag)
		f := file{
			path: bucketScheme + name + "/" + object.Key, size: object.Size, modified: object.LastModified,
			id: [2]uint64{1, tag.Sum64()},
		}
		if err := each(f, object.Key); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// remedied translates the service's refusals.
func remedied(err error, bucket string) error {
	switch code := minio.ToErrorResponse(err).Code; code {
	case minio.AccessDenied:
		return fmt.Errorf("bucket %s: %w: allow s3:ListBucket and s3:GetObject", bucket, err)
	case minio.NoSuchKey:
		return fmt.Errorf("bucket %s: %w", bucket, errors.Join(fs.ErrNotExist, err))
	}
	return fmt.Errorf("bucket %s: %w", bucket, err)
}

func (b *bucket) open(ctx context.Context, path string) (content, error) {
	client, err := b.connect()
	if err != nil {
		return nil, err
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(path, bucketScheme), "/")
	info, err := client.StatObject(ctx, name, key, minio.StatObjectOptions{})
	if err != nil {
		return nil, remedied(err, name)
	}
	return &object{ctx: ctx, client: client, bucket: name, key: key, size: info.Size, etag: info.ETag}, nil
}

func (b *bucket) space(context.Context, string) space { return space{} }

// object is an open object. It asks for a little first, and for more and more as
// long as it is read on from where the last read ended.
type object struct {
	ctx         context.Context
	client      *minio.Core
	bucket, key string
	size        int64
	etag        string

	body   io.ReadCloser
	at     int64 // where body is
	end    int64 // where it ends
	window int64 // how much was asked for
}

const (
	leastWindow = 128 << 10
	mostWindow  = 64 << 20
)

// ReadAt implements io.ReaderAt, for one caller at a time.
func (o *object) ReadAt(p []byte, offset int64) (int, error) {
	read := 0
	for read < len(p) {
		if offset >= o.size {
			return read, io.EOF
		}
		if o.body == nil || o.at != offset || o.at == o.end {
			if err := o.request(offset, int64(len(p)-read)); err != nil {
				return read, err
			}
		}
		n, err := io.ReadFull(o.body, p[read:min(int64(len(p)), int64(read)+o.end-o.at)])
		read, offset, o.at = read+n, offset+int64(n), o.at+int64(n)
		if err != nil {
			return read, err
		}
	}
	return read, nil
}

// request asks for a part of the object, if it is still the same one.
func (o *object) request(offset, least int64) error {
	o.window = min(2*o.window, mostWindow)
	if o.at != offset || o.window == 0 {
		o.window = leastWindow
	}
	if err := o.Close(); err != nil {
		return err
	}
	o.at, o.end = offset, min(o.size, offset+max(o.window, least))
	var options minio.GetObjectOptions
	if err := errors.Join(options.SetRange(o.at, o.end-1), options.SetMatchETag(o.etag)); err != nil {
		return err
	}
	body, _, _, err := o.client.GetObject(o.ctx, o.bucket, o.key, options)
	if err != nil {
		return remedied(err, o.bucket)
	}
	o.body = body
	return nil
}

// Close implements io.Closer. A little that was not read is, so that the connection
// can be used again.
func (o *object) Close() error {
	if o.body == nil {
		return nil
	}
	body := o.body
	o.body = nil
	_, _ = io.CopyN(io.Discard, body, leastWindow)
	return body.Close()
}

func (*object) born() (time.Time, bool) { return time.Time{}, false }

func (*object) held(int64) map[int64]bool { return nil }
func (*object) forget(int64, int64)       {}
