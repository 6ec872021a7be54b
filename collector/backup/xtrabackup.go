// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// xtrabackup and mariadbBackup are the methods of what XtraBackup and
// mariadb-backup write: folders, or streams in one file each, plain or compressed.
// They write xtrabackup_info and xtrabackup_checkpoints when they are done (since
// MariaDB 11.1 called mariadb_backup_info and mariadb_backup_checkpoints).
func xtrabackup() method { return physical("xtrabackup") }

func mariadbBackup() method { return physical("mariadb-backup") }

func physical(name string) method {
	return method{
		name:     name,
		statuses: []Status{Success, Failed, Partial, Running},
		kept:     true,
		every:    10 * time.Second,
		open:     openPhysical,
	}
}

// openPhysical reads the files, the server's history, or both.
func openPhysical(b Backup, e *env, m *method) source {
	table := &historyTable{server: e.server(), now: e.target.Now}
	switch {
	case b.Path == "":
		m.kept, m.statuses = false, []Status{Success}
		return table
	case b.History:
		return &withHistory{newFileSource(b, e, xtrabackupTool{}), table}
	}
	return newFileSource(b, e, xtrabackupTool{})
}

type xtrabackupTool struct{}

const (
	infoFile        = "info"
	checkpointsFile = "checkpoints"
	binlogFile      = "binlog_info"
)

// role returns which of the describing files a path is, and "" for all others.
// --compress compresses them like all files, but for the checkpoints.
func role(name string) string {
	base := path.Base(name)
	rest, ok := strings.CutPrefix(base, "xtrabackup_")
	if !ok {
		rest, ok = strings.CutPrefix(base, "mariadb_backup_")
	}
	if !ok {
		return ""
	}
	plain, _, _ := strings.Cut(rest, ".")
	switch plain {
	case infoFile, checkpointsFile, binlogFile:
		return plain
	}
	return ""
}

func (t xtrabackupTool) glance(ctx context.Context, p *place) (artefact, error) {
	if !p.file.dir {
		return t.glanceStream(ctx, p)
	}
	var a artefact
	p.measure(&a)
	if len(p.files) == 0 {
		a.state, a.evidence = empty, "empty folder"
		return a, nil
	}
	texts := map[string][]byte{}
	for _, f := range p.files {
		r := role(p.rel(f))
		if r == "" || strings.Contains(p.rel(f), "/") {
			continue
		}
		text, err := p.load(ctx, f)
		if err != nil {
			return a, err
		}
		texts[r] = plainText(text)
		if r == infoFile {
			a.end = f.modified
		}
	}
	describe(&a, texts)
	if err := checkRedo(ctx, &a, p, parsePairs(texts[checkpointsFile])); err != nil {
		return a, err
	}
	for _, f := range p.files {
		if a.state == complete && hasPages(f.path) && !wholePages(f) {
			a.state, a.level = damaged, Plausible
			a.evidence = fmt.Sprintf("%s: %d bytes are not whole pages", p.rel(f), f.size)
		}
	}
	return a, nil
}

// checkRedo notes when a backup that is not prepared yet lacks a part of the redo log, without which its pages are of
// different moments. The log reaches from the checkpoint that the backup began with, at to_lsn or before it, to last_lsn.
func checkRedo(ctx context.Context, a *artefact, p *place, checkpoints map[string]string) error {
	kind := checkpoints["backup_type"]
	if a.state != complete || kind != "full-backuped" && kind != "incremental" {
		return nil
	}
	last, _ := strconv.ParseUint(checkpoints["last_lsn"], 10, 64)
	for _, f := range p.files {
		name := p.rel(f)
		base, _, compressed := strings.Cut(name, ".")
		if base != "ib_logfile0" && base != "xtrabackup_logfile" {
			continue
		}
		if compressed {
			return nil
		}
		start, header, err := redoStart(ctx, p.store, f)
		if err != nil {
			return err
		}
		if start == 0 {
			start = a.link.To
		}
		if f.size == 0 || last > start && uint64(f.size) < header+last-start {
			a.state, a.level = damaged, Plausible
			a.evidence = fmt.Sprintf("%s: %d bytes are not the redo log from %d to %d", name, f.size, start, last)
		}
		return nil
	}
	a.state, a.level, a.evidence = damaged, Plausible, "its redo log is missing"
	return nil
}

// redoStart returns where in the log the file begins, and what it has before that, if it is of MariaDB's format since
// 10.8, where the log follows its header byte by byte (log0log.h); else 0.
func redoStart(ctx context.Context, s store, f file) (lsn, header uint64, err error) {
	const magic, start = "Phys", 12288
	c, err := s.open(ctx, f.path)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	head, err := readAt(c, 0, 16)
	if err != nil || len(head) < 16 || string(head[:4]) != magic {
		return 0, 0, err
	}
	return binary.BigEndian.Uint64(head[8:]), start, nil
}

// plainText decompresses what --compress has compressed, where that can be done
// here: qpress cannot.
func plainText(text []byte) []byte {
	format := detectCompression(text)
	if format == nil {
		return text
	}
	r := &ends{}
	if decoded, err := format.open(bytes.NewReader(text)); err == nil {
		_, _ = io.Copy(r, io.LimitReader(decoded, headSize))
		_ = decoded.Close()
	}
	return r.head
}

// describe fills in what the describing files say. They are written last: without
// them a backup is not complete.
func describe(a *artefact, texts map[string][]byte) {
	info, checkpoints := parsePairs(texts[infoFile]), parsePairs(texts[checkpointsFile])
	a.kind = Full
	if checkpoints["backup_type"] == "incremental" || info["incremental"] == "Y" {
		a.kind = Incremental
	}
	a.link.Name = info["uuid"]
	a.link.From, _ = strconv.ParseUint(checkpoints["from_lsn"], 10, 64)
	a.link.To, _ = strconv.ParseUint(checkpoints["to_lsn"], 10, 64)
	a.position = parseBinlogInfo(texts[binlogFile])
	if a.position.File == "" {
		a.position = parseBinlogPos(string(texts[infoFile])) // it may go on over several lines
	}
	a.lasted(between(info["start_time"], info["end_time"]))
	switch {
	case texts[infoFile] == nil || texts[checkpointsFile] == nil:
		a.state, a.evidence = incomplete, "the files that are written last are missing"
	case checkpoints["backup_type"] == "" || a.link.To == 0:
		a.state, a.evidence = damaged, "its checkpoints cannot be read"
	default:
		a.state, a.evidence, a.level = complete, "its checkpoints are there", Complete
	}
}

// parsePairs reads lines of "key = value".
func parsePairs(text []byte) map[string]string {
	pairs := map[string]string{}
	for line := range bytes.Lines(text) {
		if key, value, ok := strings.Cut(string(line), "="); ok {
			pairs[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return pairs
}

// parseBinlogInfo reads xtrabackup_binlog_info: file, position, and a set of
// transactions that may go on over several lines.
func parseBinlogInfo(text []byte) Position {
	fields := strings.SplitN(strings.TrimSpace(string(text)), "\t", 3)
	if len(fields) < 2 {
		return Position{}
	}
	pos, err := strconv.ParseUint(strings.TrimSpace(fields[1]), 10, 64)
	if err != nil {
		return Position{}
	}
	p := Position{File: fields[0], Pos: pos}
	if len(fields) == 3 {
		p.GTID = oneLine(fields[2])
	}
	return p
}

var binlogPos = regexp.MustCompile(
	`(?s)filename '([^']*)', position '(\d+)'(?:, GTID of the last change '([^']*)')?`)

// parseBinlogPos reads the field binlog_pos of info files and history tables.
func parseBinlogPos(text string) Position {
	m := binlogPos.FindStringSubmatch(text)
	if m == nil {
		return Position{}
	}
	pos, _ := strconv.ParseUint(m[2], 10, 64)
	return Position{File: m[1], Pos: pos, GTID: oneLine(m[3])}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), "") }

// hopLimit is the size up to which a look goes through a plain stream, from chunk
// to chunk of ten megabytes. A larger one is read beside the looks.
const hopLimit = 32 << 30

func (t xtrabackupTool) glanceStream(ctx context.Context, p *place) (artefact, error) {
	c, err := p.store.open(ctx, p.file.path)
	if err != nil {
		return artefact{}, err
	}
	defer c.Close()
	a := artefact{kind: Full, start: begun(c, p.file)}
	size := p.file.size
	if size == 0 {
		a.state, a.evidence = empty, "empty file"
		return a, nil
	}
	head, err := readAt(c, 0, min(size, tailSize))
	if err != nil {
		return a, err
	}
	format, encrypted := detectCompression(head), detectEncryption(head)
	switch {
	case encrypted != "":
		a.state, a.evidence = assumed, "encrypted with "+encrypted+", no longer written to"
		return a, nil
	case format != nil || size > hopLimit:
		a.state, a.evidence = unread, "a stream, not read yet"
		return a, nil
	case !bytes.HasPrefix(head, []byte(xbMagic)):
		a.state, a.evidence = damaged, "not an xbstream"
		return a, nil
	}
	in := io.NewSectionReader(c, 0, size)
	x := xbstream{in: in, keep: isRole, skip: func(n int64) error {
		at, err := in.Seek(n, io.SeekCurrent)
		switch {
		case err == nil && at > size:
			err = io.ErrUnexpectedEOF
		case err == nil && ctx.Err() != nil:
			err = context.Cause(ctx)
		}
		return err
	}}
	err = x.walk()
	if ctx.Err() != nil {
		return a, context.Cause(ctx)
	}
	return a, t.conclude(&a, &x, err)
}

func isRole(name string) bool { return role(name) != "" }

// conclude tells from how a walk ended what the stream is. It returns an error when
// the stream could not be read.
func (xtrabackupTool) conclude(a *artefact, x *xbstream, err error) error {
	switch {
	case errors.Is(err, errXBStream):
		a.state, a.evidence = damaged, err.Error()
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		a.state, a.evidence = incomplete, "its stream ends early"
		return nil
	case !errors.Is(err, io.EOF):
		return err
	}
	texts := map[string][]byte{}
	for name, text := range x.found {
		texts[role(name)] = plainText(text)
	}
	describe(a, texts)
	a.size = x.size
	for name := range x.open {
		a.state, a.evidence, a.level = incomplete, fmt.Sprintf("%s in its stream has no end", name), Plausible
		break
	}
	return nil
}

func (t xtrabackupTool) read(ctx context.Context, p *place, a artefact, s *streams) (artefact, error) {
	if p.file.dir {
		return t.readFolder(ctx, p, a, s)
	}
	x := xbstream{keep: isRole}
	r := &stream{}
	err := s.expand(ctx, p.file, r, func(in io.Reader) error {
		x.in = in
		return x.walk()
	})
	if err != nil {
		return a, err
	}
	if r.spoil(&a, "") {
		return a, nil
	}
	if err := t.conclude(&a, &x, r.ended); err != nil {
		return a, err
	}
	if a.state == complete {
		a.level = Checksum // each chunk has one
	}
	return a, nil
}

// readFolder also verifies the checksums of InnoDB's pages.
func (xtrabackupTool) readFolder(ctx context.Context, p *place, a artefact, s *streams) (artefact, error) {
	s.pages = true
	a, err := readAll(ctx, p, a, s)
	if err != nil || a.state != complete {
		return a, err
	}
	verified := 0
	for _, f := range p.files {
		if !hasPages(p.rel(f)) {
			continue
		}
		r, err := s.check(ctx, f)
		switch {
		case err != nil:
			return a, err
		case r.pages.verified():
			verified++
		case r.size > minPage: // of an algorithm that is not known here
			return a, nil
		}
	}
	if verified > 0 {
		a.level = Checksum
	}
	return a, nil
}
