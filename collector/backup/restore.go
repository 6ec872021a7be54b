// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/time/rate"
)

// Copy is a backup as the files that it is, for a program that restores it.
type Copy struct {
	Run Run
	// Whether it is a folder of files, not one file.
	Folder bool
	Files  []CopyFile
}

// CopyFile is a file of a backup, wherever it is kept.
type CopyFile struct {
	Name string // below the backup's folder, with slashes; of a single file: its own
	Size int64  // bytes, as it is stored

	store   store
	file    file
	limiter *rate.Limiter
}

var (
	// ErrNotRestorable says that the backups of a method are no files that can be
	// restored here.
	ErrNotRestorable = errors.New("its backups are not restored here: only those of mysqldump, mydumper, mariadb-backup and xtrabackup are")
	// ErrBeingMade says that a backup is still written to.
	ErrBeingMade = errors.New("it is still being made")
)

// Chain returns the newest successful backup, or the one with that ID (or that name
// of its file or folder), behind all that it builds on: the full backup first. What
// cannot be judged without reading it is read, with calls of progress as for
// [Inspector.Verify]. A backup that was asked for is returned whatever its status.
func (i *Inspector) Chain(ctx context.Context, id string, progress func(read, all int64)) ([]*Copy, error) {
	files := filesOf(i.source)
	if files == nil {
		return nil, fmt.Errorf("backup %s, method %s: %w", i.backup.Name, i.backup.Method, ErrNotRestorable)
	}
	if _, err := files.look(ctx); err != nil {
		return nil, err
	}
	w, err := files.pick(ctx, id, progress)
	switch {
	case err != nil:
		return nil, err
	case w.match == nil && id == "":
		return nil, fmt.Errorf("backup %s, %s: %w", i.backup.Name, i.backup.Path, ErrNoBackup)
	case w.match == nil:
		return nil, fmt.Errorf("backup %s: none is called %q: `dbsyncctl backup list %s` names them", i.backup.Name, id, i.backup.Name)
	}
	matches, err := files.below(w.match)
	if err != nil {
		return nil, err
	}
	var chain []*Copy
	for _, m := range matches {
		c, err := files.copyOf(ctx, m)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
	}
	return chain, nil
}

// pick returns the match with that ID, the newest good one without. When none is
// good it is the newest that has ended: what is wrong with it is the answer then.
func (s *fileSource) pick(ctx context.Context, id string, progress func(read, all int64)) (wanted, error) {
	s.mu.Lock()
	known := slices.Clone(s.known)
	s.mu.Unlock()
	var ended wanted
	for _, m := range known {
		if id != "" && !m.file.called(id) {
			continue
		}
		w := wanted{m, m.file, m.artefact}
		s.mu.Lock()
		unread := m.artefact.state == unread
		s.mu.Unlock()
		if unread {
			if err := s.readOne(ctx, w, progress); err != nil {
				return wanted{}, err
			}
		}
		s.mu.Lock()
		status := s.run(m).Status
		s.mu.Unlock()
		switch {
		case status == Success:
			return w, nil
		case id != "" && status == Running:
			return wanted{}, fmt.Errorf("%s: %w", m.file.path, ErrBeingMade)
		case id != "":
			return w, nil
		case status != Running && ended.match == nil:
			ended = w
		}
	}
	return ended, nil
}

// called reports whether somebody who wrote that means this file.
func (f file) called(id string) bool {
	id = strings.TrimSuffix(slashed(id), "/")
	return slashed(f.path) == id || path.Base(slashed(f.path)) == id
}

// below returns what a match builds on and itself, the full backup first.
func (s *fileSource) below(m *match) ([]*match, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chain := []*match{m}
	for chain[0].artefact.kind == Incremental {
		top := chain[0]
		i := slices.IndexFunc(s.known, func(base *match) bool {
			return base != top && s.run(base).Status == Success && top.artefact.link.follows(base.artefact.link) &&
				!slices.Contains(chain, base)
		})
		if i < 0 {
			return nil, fmt.Errorf("%s: %w: it is incremental, and what it builds on, up to the log sequence number %d, is not there",
				top.file.path, ErrChainBroken, top.artefact.link.From)
		}
		chain = slices.Insert(chain, 0, s.known[i])
	}
	return chain, nil
}

// ErrChainBroken says that what an incremental backup builds on is missing.
var ErrChainBroken = errors.New("its chain is broken")

func (s *fileSource) copyOf(ctx context.Context, m *match) (*Copy, error) {
	s.mu.Lock()
	c := &Copy{Run: s.run(m), Folder: m.file.dir}
	s.mu.Unlock()
	p, err := enter(ctx, s.store, m.file)
	if err != nil {
		return nil, err
	}
	for _, f := range p.files {
		name := p.rel(f)
		if name == "" {
			name = p.name()
		}
		c.Files = append(c.Files, CopyFile{Name: name, Size: f.size, store: s.store, file: f, limiter: s.limiter})
	}
	return c, nil
}

// Open opens the file as it is stored. read is called with the bytes of each read.
func (f CopyFile) Open(ctx context.Context, read func(int64)) (io.ReadCloser, error) {
	c, err := f.store.open(ctx, f.file.path)
	if err != nil {
		return nil, err
	}
	before := int64(0)
	in := &steady{ctx: ctx, content: c, limiter: f.limiter, progress: func(offset int64) {
		read(offset - before)
		before = offset
	}}
	return &joined{Reader: in, closers: []io.Closer{c}}, nil
}

// OpenContent opens the file decompressed, if it is compressed: its name without
// the suffix of that comes with it.
func (f CopyFile) OpenContent(ctx context.Context, read func(int64)) (in io.ReadCloser, name string, err error) {
	c, err := f.store.open(ctx, f.file.path)
	if err != nil {
		return nil, "", err
	}
	head, err := readAt(c, 0, min(f.file.size, tailSize))
	if err = errors.Join(err, c.Close()); err != nil {
		return nil, "", err
	}
	if by := detectEncryption(head); by != "" {
		return nil, "", fmt.Errorf("%s: it is encrypted with %s: decrypt it to a folder, and let a backup with that path be tested", f.file.path, by)
	}
	stored, err := f.Open(ctx, read)
	if err != nil {
		return nil, "", err
	}
	format := detectCompression(head)
	if format == nil {
		return stored, f.Name, nil
	}
	content, err := format.open(stored)
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("%s: %w", f.file.path, err), stored.Close())
	}
	return &joined{content, []io.Closer{content, stored}}, strings.TrimSuffix(f.Name, path.Ext(f.Name)), nil
}

// joined closes all that a reader is made of.
type joined struct {
	io.Reader
	closers []io.Closer
}

func (j *joined) Close() error {
	var errs []error
	for _, c := range j.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Dump is what a dump says of itself. What it does not say is empty.
type Dump struct {
	Server   string // the version of the server that it was taken from
	Database string // empty: of several
	// Commented is whether it says anything at all: --skip-comments leaves it out.
	Commented bool
}

// ReadDump reads the beginning of a dump.
func ReadDump(head []byte) Dump {
	h := parseDumpHeader(head)
	return Dump{Server: h.server, Database: h.database, Commented: h.tool != ""}
}

// DumpHead is as much of a dump's beginning as is worth to be given to [ReadDump].
const DumpHead = headSize

// ReadPairs reads lines of "key = value", as the files xtrabackup_info,
// xtrabackup_checkpoints and backup-my.cnf have them.
func ReadPairs(text []byte) map[string]string { return parsePairs(bytes.TrimSpace(text)) }
