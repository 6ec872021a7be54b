// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"io"
	"time"
)

// mysqldump is the method of files written by mysqldump or mariadb-dump, plain
// or compressed. The last line is the evidence that a dump is whole, unless it
// is made without comments. Of a compressed dump everything before it must be
// decompressed to see it, which checks the stream's checksums on the way.
func mysqldump() method {
	return method{
		name:     "mysqldump",
		statuses: []Status{Success, Failed, Partial, Running},
		kept:     true,
		every:    10 * time.Second,
		open: func(b Backup, e *env, _ *method) source {
			return newFileSource(b, e, dumpTool{trailer: b.Trailer})
		},
	}
}

// dumpTool reads dumps. A match that is a folder is one backup of several dumps,
// such as one per schema: it is as whole as the worst of them.
type dumpTool struct{ trailer bool }

func (d dumpTool) glance(ctx context.Context, p *place) (artefact, error) {
	all := artefact{kind: Full, state: empty, evidence: "no dump in it"}
	if p.file.dir {
		p.measure(&all)
	}
	for i, f := range p.files {
		one, err := d.glanceFile(ctx, p.store, f)
		if err != nil {
			return all, err
		}
		d.combine(&all, &one, p.rel(f), i == 0)
	}
	return all, nil
}

// combine adds what is known of one dump to what is known of all.
func (d dumpTool) combine(all, one *artefact, name string, first bool) {
	if !one.start.IsZero() && (first || one.start.Before(all.start)) {
		all.start = one.start
	}
	all.size += one.size
	if first || severity(one.state) > severity(all.state) {
		all.state, all.evidence = one.state, one.evidence
		if name != "" {
			all.evidence = name + ": " + one.evidence
		}
	}
	all.level = one.level
	if !first {
		all.level = min(all.level, one.level)
	}
	all.position = one.position
	if !first { // several dumps are no single point in time
		all.position = Position{}
	}
}

// severity orders conditions from good to bad.
func severity(c condition) int {
	return map[condition]int{complete: 0, assumed: 1, unread: 2, opaque: 3, empty: 4, incomplete: 5, damaged: 6}[c]
}

func (d dumpTool) glanceFile(ctx context.Context, s store, f file) (artefact, error) {
	c, err := s.open(ctx, f.path)
	if err != nil {
		return artefact{}, err
	}
	defer c.Close()
	a := artefact{start: begun(c, f)}
	if f.size == 0 {
		a.state, a.evidence = empty, "empty file"
		return a, nil
	}
	head, err := readAt(c, 0, min(f.size, headSize))
	if err != nil {
		return a, err
	}
	a.level = Plausible
	if name := detectEncryption(head); name != "" {
		a.state, a.evidence = assumed, "encrypted with "+name+", no longer written to"
		if d.trailer {
			a.state, a.evidence = opaque, "encrypted with "+name+": its last line cannot be read, say trailer: none"
		}
		return a, nil
	}
	if format := detectCompression(head); format != nil {
		a.state, a.evidence = unread, format.name+", not read yet"
		return a, nil
	}
	tail, err := readAt(c, max(0, f.size-tailSize), min(f.size, tailSize))
	if err != nil {
		return a, err
	}
	a.size = f.size
	d.judge(&a, head, tail)
	return a, nil
}

// judge tells by its first and last bytes whether a dump is whole.
func (d dumpTool) judge(a *artefact, head, tail []byte) {
	h := parseDumpHeader(head)
	a.position = Position{File: h.logFile, Pos: h.logPos}
	switch {
	case hasTrailer(tail):
		a.state, a.evidence, a.level = complete, "its last line says that it is complete", Complete
	case !d.trailer:
		a.state, a.evidence, a.level = assumed, "no longer written to", Complete
	case h.tool == "":
		a.state, a.evidence = incomplete, "neither begins nor ends as a dump"
	default:
		a.state, a.evidence = incomplete, "its last line is missing"
	}
}

func (d dumpTool) read(ctx context.Context, p *place, before artefact, s *streams) (artefact, error) {
	all := before
	all.size, all.start = 0, before.start
	for i, f := range p.files {
		one, err := d.readFile(ctx, f, s)
		if err != nil {
			return before, err
		}
		d.combine(&all, &one, p.rel(f), i == 0)
	}
	return all, nil
}

func (d dumpTool) readFile(ctx context.Context, f file, s *streams) (artefact, error) {
	var a artefact
	if f.size == 0 {
		a.state, a.evidence = empty, "empty file"
		return a, nil
	}
	r, err := s.check(ctx, f)
	if err != nil {
		return a, err
	}
	a.size, a.level = r.size, Plausible
	switch {
	case r.spoil(&a, ""):
	case r.size == 0:
		a.state, a.evidence = empty, r.compressed+" of nothing"
	default:
		d.judge(&a, r.head, r.tail)
		if a.level == Complete {
			a.level = Stream
		}
	}
	return a, nil
}

// readAt reads length bytes, or what there is of them.
func readAt(c content, offset, length int64) ([]byte, error) {
	buf := make([]byte, length)
	n, err := c.ReadAt(buf, offset)
	if errors.Is(err, io.EOF) { // it became shorter
		err = nil
	}
	return buf[:n], err
}
