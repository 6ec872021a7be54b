// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// mysqlShell is the method of folders written by MySQL Shell's util.dumpInstance,
// dumpSchemas and dumpTables. It writes @.json at its start and @.done.json, which
// lists every chunk and its size, at its end.
func mysqlShell() method {
	return method{
		name:     "mysqlsh",
		statuses: []Status{Success, Failed, Partial, Running},
		kept:     true,
		every:    10 * time.Second,
		open:     func(b Backup, e *env, _ *method) source { return newFileSource(b, e, shellTool{}) },
	}
}

type shellTool struct{}

// shellBegin is @.json, shellDone is @.done.json: the parts of them that matter.
type shellBegin struct {
	Begin          string `json:"begin"`
	BinlogFile     string `json:"binlogFile"`
	BinlogPosition uint64 `json:"binlogPosition"`
	GTIDExecuted   string `json:"gtidExecuted"`
	Consistent     *bool  `json:"consistent"`
}

type shellDone struct {
	End       string           `json:"end"`
	DataBytes int64            `json:"dataBytes"`
	Chunks    map[string]int64 `json:"chunkFileBytes"` // before compression
}

func (shellTool) glance(ctx context.Context, p *place) (artefact, error) {
	a := artefact{kind: Full}
	p.measure(&a)
	if len(p.files) == 0 {
		a.state, a.evidence = empty, "empty folder"
		return a, nil
	}
	var begin shellBegin
	started, err := p.loadJSON(ctx, "@.json", &begin)
	if err != nil {
		return a, err
	}
	var done shellDone
	finished, err := p.loadJSON(ctx, "@.done.json", &done)
	if err != nil {
		return a, err
	}
	a.position = Position{File: begin.BinlogFile, Pos: begin.BinlogPosition, GTID: begin.GTIDExecuted}
	if started == nil || finished == nil {
		a.state, a.evidence = incomplete, "no @.done.json"
		return a, nil
	}
	a.end = finished.modified
	a.lasted(between(begin.Begin, done.End))
	a.size = done.DataBytes
	if missing := done.missing(p); missing != "" {
		a.state, a.evidence = damaged, missing+" is missing, which @.done.json lists"
		return a, nil
	}
	a.state, a.evidence, a.level = complete, "@.done.json lists nothing that is missing", Complete
	if begin.Consistent != nil && !*begin.Consistent {
		a.evidence += "; it was dumped without consistency"
	}
	return a, nil
}

// missing returns the name of a chunk that should be there and is not.
func (d *shellDone) missing(p *place) string {
	there := map[string]bool{}
	for _, f := range p.files {
		there[p.rel(f)] = true
	}
	for name := range d.Chunks {
		if !there[name] {
			return name
		}
	}
	return ""
}

// read also compares the size of each chunk with the list.
func (shellTool) read(ctx context.Context, p *place, a artefact, s *streams) (artefact, error) {
	size := a.size // of the data, as the tool counts it
	a, err := readAll(ctx, p, a, s)
	if err != nil || a.state != complete {
		return a, err
	}
	a.size = size
	var done shellDone
	if _, err := p.loadJSON(ctx, "@.done.json", &done); err != nil {
		return a, err
	}
	for _, f := range p.files {
		want, listed := done.Chunks[p.rel(f)]
		r, err := s.check(ctx, f)
		if err != nil {
			return a, err
		}
		if listed && r.size != want {
			a.state, a.level = damaged, Complete
			a.evidence = fmt.Sprintf("%s: %d bytes of content, @.done.json says %d", p.rel(f), r.size, want)
			return a, nil
		}
	}
	return a, nil
}

// loadJSON reads a file of the folder, and returns nil when it is not there or is
// still being written.
func (p *place) loadJSON(ctx context.Context, name string, into any) (*file, error) {
	f, ok := p.find(name)
	if !ok {
		return nil, nil
	}
	text, err := p.load(ctx, f)
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(text, into) != nil {
		return nil, nil
	}
	return &f, nil
}

// between returns how long it is between two clock times of one unknown zone, or a
// negative duration when they cannot be read.
func between(start, end string) time.Duration {
	from, err := time.Parse(time.DateTime, start)
	if err != nil {
		return -1
	}
	to, err := time.Parse(time.DateTime, end)
	if err != nil {
		return -1
	}
	return to.Sub(from)
}
