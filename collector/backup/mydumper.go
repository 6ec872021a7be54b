// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// mydumper is the method of folders written by mydumper. While it works it keeps
// metadata.partial, which it renames to metadata when it is done.
func mydumper() method {
	return method{
		name:     "mydumper",
		statuses: []Status{Success, Failed, Partial, Running},
		kept:     true,
		every:    10 * time.Second,
		open:     func(b Backup, e *env, _ *method) source { return newFileSource(b, e, mydumperTool{}) },
	}
}

type mydumperTool struct{}

func (mydumperTool) glance(ctx context.Context, p *place) (artefact, error) {
	a := artefact{kind: Full}
	p.measure(&a)
	metadata, done := p.find("metadata")
	_, partial := p.find("metadata.partial", "metadata.header")
	switch {
	case len(p.files) == 0:
		a.state, a.evidence = empty, "empty folder"
		return a, nil
	case !done && partial:
		a.state, a.evidence = incomplete, "metadata is still partial"
		return a, nil
	case !done:
		a.state, a.evidence = incomplete, "no metadata"
		return a, nil
	}
	text, err := p.load(ctx, metadata)
	if err != nil {
		return a, err
	}
	m := parseMydumper(text)
	if m.finished.IsZero() {
		a.state, a.evidence = incomplete, "metadata does not say that it finished"
		return a, nil
	}
	a.position = m.position
	a.end = metadata.modified
	if !m.started.IsZero() {
		a.lasted(m.finished.Sub(m.started))
	}
	if len(p.files) == 1 {
		a.state, a.evidence = damaged, "metadata and nothing else"
		return a, nil
	}
	for _, f := range p.files {
		if isChunk(p.rel(f)) && f.size == 0 {
			a.state, a.evidence = damaged, p.rel(f)+" is empty"
			return a, nil
		}
	}
	a.state, a.evidence, a.level = complete, "metadata says that it finished", Complete
	return a, nil
}

// isChunk tells the files with rows by their names: schema.table.00000.sql.
func isChunk(name string) bool {
	before, _, ok := strings.Cut(name, ".sql")
	return ok && !strings.Contains(before, "-schema")
}

// read also sees whether each chunk ends with a statement.
func (mydumperTool) read(ctx context.Context, p *place, a artefact, s *streams) (artefact, error) {
	a, err := readAll(ctx, p, a, s)
	if err != nil || a.state != complete {
		return a, err
	}
	for _, f := range p.files {
		if !isChunk(p.rel(f)) {
			continue
		}
		r, err := s.check(ctx, f)
		if err != nil {
			return a, err
		}
		if !bytes.HasSuffix(bytes.TrimRight(r.tail, "\r\n"), []byte(";")) {
			a.state, a.level, a.evidence = damaged, Complete, p.rel(f)+" ends within a statement"
			return a, nil
		}
	}
	return a, nil
}

// readAll reads every file of a match and checks the compressed ones.
func readAll(ctx context.Context, p *place, a artefact, s *streams) (artefact, error) {
	var size int64
	for _, f := range p.files {
		r, err := s.check(ctx, f)
		if err != nil {
			return a, err
		}
		if r.spoil(&a, p.rel(f)) {
			if a.state == incomplete { // of what is no longer written to
				a.state = damaged
			}
			return a, nil
		}
		size += r.size
	}
	a.size, a.level = size, max(a.level, Stream)
	return a, nil
}

// mydumperMetadata is what its file of that name tells.
type mydumperMetadata struct {
	started, finished time.Time // clock times of an unknown zone
	position          Position
}

var (
	mydumperTime = regexp.MustCompile(`(?m)^(?:# )?(Started|Finished) dump at: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\r?$`)
	// What the versions call the position of the server itself, as against those of
	// the server that it replicates from.
	mydumperOldStatus = regexp.MustCompile(`(?m)^SHOW MASTER STATUS:\r?\n((?:[ \t]+.*\n?)*)`)
	mydumperSection   = regexp.MustCompile(`(?m)^\[(?:master|source)\]\r?\n((?:[^\[\n].*\n?|\n)*)`)
	mydumperField     = regexp.MustCompile(
		`(?mi)^\s*#?\s*(Log|Pos|GTID|File|Position|Executed_Gtid_Set|SOURCE_LOG_FILE|SOURCE_LOG_POS)\s*[:=]\s*"?([^"\r\n]*?)"?\s*$`)
)

// parseMydumper reads the metadata of all versions: 0.10's lines, and the sections
// of those from 0.14 on.
func parseMydumper(text []byte) mydumperMetadata {
	var m mydumperMetadata
	for _, line := range mydumperTime.FindAllSubmatch(text, -1) {
		at, err := time.Parse(time.DateTime, string(line[2]))
		if err != nil {
			continue
		}
		if bytes.Equal(line[1], []byte("Started")) {
			m.started = at
		} else {
			m.finished = at
		}
	}
	section := mydumperOldStatus.FindSubmatch(text)
	if section == nil {
		section = mydumperSection.FindSubmatch(text)
	}
	if section == nil {
		return m
	}
	for _, field := range mydumperField.FindAllSubmatch(section[1], -1) {
		value := string(field[2])
		switch string(bytes.ToLower(field[1])) {
		case "log", "file", "source_log_file":
			m.position.File = value
		case "pos", "position", "source_log_pos":
			m.position.Pos, _ = strconv.ParseUint(value, 10, 64)
		case "gtid", "executed_gtid_set":
			m.position.GTID = value
		}
	}
	return m
}
