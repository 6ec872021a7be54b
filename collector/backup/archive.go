// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/easy-erp/dbsync/collector"

	"github.com/easy-erp/dbsync/collector/backup/binlog"
)

// Archive is a folder to which the binary logs of the target's server are copied.
type Archive struct {
	// Path is the folder, a pattern of the files, or either in a bucket.
	Path string
	S3   *S3 // how the bucket is reached; nil: Path is in none
}

// archive reads what is in an archive. What was read of a file is remembered until it
// changes.
type archive struct {
	options Archive
	store   store
	limiter *rate.Limiter
	scrapes *collector.Scrapes
	now     func() time.Time
	logger  *slog.Logger

	known map[fingerprint]*archived
}

// archived is one file of an archive.
type archived struct {
	file   file
	log    binlog.Log
	state  archivedState
	format *compression // nil: none
	tried  bool         // to read it whole
}

// archivedState is what is known of a file of an archive.
type archivedState string

const (
	logComplete  archivedState = "complete"
	logOpen      archivedState = "open"      // the newest one, which may grow
	logCut       archivedState = "cut"       // its end is missing, and others follow
	logForeign   archivedState = "foreign"   // no binary log
	logEncrypted archivedState = "encrypted" // only the server can read it
	logUnread    archivedState = "unread"    // compressed, and not decompressed to its end
)

func archivedStates() []archivedState {
	return []archivedState{logComplete, logOpen, logCut, logForeign, logEncrypted, logUnread}
}

// archiveState is what a look into an archive found.
type archiveState struct {
	chains []binlog.Chain
	ends   [][]int // of each log of each chain: the last one that follows without a missing link
	counts map[archivedState]int
	stored int64
}

func newArchive(a Archive, e *env) *archive {
	return &archive{
		options: a, store: e.store(Backup{Path: a.Path, S3: a.S3}), limiter: e.limiter, scrapes: e.target.Scrapes, now: e.target.Now,
		logger: e.target.Logger.With("binlog_archive", a.Path), known: map[fingerprint]*archived{},
	}
}

// pattern is of the archive's files.
func (a *archive) pattern() string {
	if strings.ContainsAny(path.Base(slashed(a.options.Path)), meta) {
		return a.options.Path
	}
	return strings.TrimRight(a.options.Path, "/") + "/*"
}

// look lists the files and reads the ends of those that it does not know.
func (a *archive) look(ctx context.Context) (archiveState, error) {
	files, err := a.store.glob(ctx, a.pattern())
	if err != nil {
		return archiveState{}, err
	}
	known := make(map[fingerprint]*archived, len(files))
	for _, f := range files {
		name, ok := archivedName(f.path)
		if !ok || f.dir {
			continue
		}
		one := a.known[f.fingerprint()]
		if one == nil {
			one = &archived{file: f, log: binlog.Log{Name: name}}
			switch err := a.glance(ctx, one); {
			case errors.Is(err, fs.ErrNotExist):
				continue
			case errors.Is(err, fs.ErrPermission):
				return archiveState{}, fmt.Errorf("%w: let the exporter's account read the binary logs", err)
			case err != nil:
				return archiveState{}, fmt.Errorf("read %s: %w", f.path, err)
			}
		}
		known[f.fingerprint()] = one
	}
	a.known = known
	return a.state(), nil
}

// archivedName returns the log whose copy a file is by its name, without the suffix of
// a compressor.
func archivedName(file string) (binlog.Name, bool) {
	name := path.Base(slashed(file))
	switch path.Ext(name) {
	case ".gz", ".zst", ".lz4", ".xz", ".bz2":
		name = strings.TrimSuffix(name, path.Ext(name))
	}
	return binlog.ParseName(name)
}

// glance reads the ends of a file. An error says that it could not be read.
func (a *archive) glance(ctx context.Context, one *archived) error {
	c, err := a.store.open(ctx, one.file.path)
	if err != nil {
		return err
	}
	defer c.Close()
	head, err := readAt(c, 0, min(one.file.size, headSize))
	if err != nil {
		return err
	}
	if one.format = detectCompression(head); one.format != nil {
		decoded, bad := one.format.open(bytes.NewReader(head))
		if bad == nil {
			defer decoded.Close()
			one.log.File, bad = binlog.Head(decoded)
		}
		if errors.Is(bad, io.EOF) || errors.Is(bad, io.ErrUnexpectedEOF) { // it is being compressed
			bad = binlog.ErrShort
		}
		one.sort(bad, logUnread, a.logger)
		return nil
	}
	f, err := binlog.Scan(c, one.file.size)
	one.log.File = f
	if name := detectEncryption(head); name != "" {
		err = binlog.ErrEncrypted
	}
	if err != nil && !errors.Is(err, binlog.ErrForeign) && !errors.Is(err, binlog.ErrEncrypted) && !errors.Is(err, binlog.ErrShort) {
		return err
	}
	one.sort(err, logComplete, a.logger)
	return nil
}

// sort notes what came of reading a log.
func (one *archived) sort(err error, good archivedState, logger *slog.Logger) {
	switch {
	case err == nil:
		one.state = good
	case errors.Is(err, binlog.ErrEncrypted):
		one.state = logEncrypted
	case errors.Is(err, binlog.ErrShort):
		one.state = logCut
	default:
		one.state = logForeign
		logger.Warn("a file of the archive has the name of a binary log and is none", "file", one.file.path, "err", err)
	}
	one.log.Known = one.state == logComplete || one.state == logCut
}

// state sorts what is known into chains.
func (a *archive) state() archiveState {
	s := archiveState{counts: map[archivedState]int{}}
	var logs []binlog.Log
	states := map[binlog.Name]archivedState{}
	for _, one := range a.sorted() {
		s.stored += one.file.size
		if one.state == logForeign {
			s.counts[logForeign]++
			continue
		}
		if _, twice := states[one.log.Name]; !twice {
			states[one.log.Name] = one.state
			logs = append(logs, one.log)
		}
	}
	s.chains = binlog.Chains(logs)
	for _, c := range s.chains {
		for i := range c {
			s.counts[stateOf(c, i, states[c[i].Name])]++
		}
		s.ends = append(s.ends, c.Ends())
	}
	return s
}

// sorted returns the files, the better one of a log that is there twice first: while
// one is compressed, both are.
func (a *archive) sorted() []*archived {
	all := make([]*archived, 0, len(a.known))
	for _, one := range a.known {
		all = append(all, one)
	}
	rank := []archivedState{logComplete, logEncrypted, logUnread, logCut, logForeign}
	slices.SortFunc(all, func(a, b *archived) int {
		return cmp.Or(
			cmp.Compare(slices.Index(rank, a.state), slices.Index(rank, b.state)),
			cmp.Compare(b.log.File.End, a.log.File.End), strings.Compare(a.file.path, b.file.path),
		)
	})
	return all
}

// stateOf tells by its place in the chain what a log is.
func stateOf(c binlog.Chain, i int, read archivedState) archivedState {
	switch {
	case !c[i].Known:
		return read
	case c.Cut(i):
		return logCut
	case i == len(c)-1 && !c[i].File.Closed:
		return logOpen
	}
	return logComplete
}

// readWithin is the age up to which every compressed log is read to its end. Older
// ones are where a missing link follows on them.
const readWithin = 24 * time.Hour

// next returns the newest compressed log that is to be read to its end, or nil.
func (a *archive) next(s archiveState) *archived {
	files := map[binlog.Name]*archived{}
	for _, one := range slices.Backward(a.sorted()) {
		files[one.log.Name] = one
	}
	for n, c := range s.chains {
		for i := range slices.Backward(c) {
			one := files[c[i].Name]
			if one.state != logUnread || one.tried {
				continue
			}
			if s.ends[n][i] == i || a.now().Sub(one.file.modified) < readWithin {
				return one
			}
		}
	}
	return nil
}

// read decompresses a log to its end. It calls progress now and then.
func (a *archive) read(ctx context.Context, one *archived, progress func()) error {
	one.tried = true
	all := streams{store: a.store, limiter: a.limiter, scrapes: a.scrapes, progress: func(int64) { progress() }}
	var f binlog.File
	var found error
	r := &stream{}
	err := all.expand(ctx, one.file, r, func(in io.Reader) error {
		f, found = binlog.ScanStream(in)
		return found
	})
	switch {
	case err != nil:
		one.tried = ctx.Err() == nil // else it is read again
		return err
	case r.limit:
		return fmt.Errorf("read %s: %w", one.file.path, errTooLarge)
	case r.cut || r.damage != nil:
		f.Closed, f.Size = false, max(f.Size, f.End+1) // what is missing is at least something
		found = nil
		a.logger.Warn("a binary log of the archive is damaged", "file", one.file.path, "cut", r.cut, "err", r.damage)
	}
	one.log.File = f
	one.sort(found, logComplete, a.logger)
	return nil
}
