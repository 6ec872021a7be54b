// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// memory keeps in a file what was found by reading backups whole, so that a restart
// does not read them again. It may be lost: they are read again then.
type memory struct{ path string } // empty: nothing is kept

// remembered is one file of it.
type remembered struct {
	Format  int     `json:"format"` // of the entries: those of another version are not used
	Entries []entry `json:"entries"`
}

const (
	memoryFormat = 2
	maxMemory    = 16 << 20
)

// entry is what is kept of one match.
type entry struct {
	Path     string    `json:"path"`
	Size     int64     `json:"size"`
	Modified int64     `json:"modified"` // Unix time in nanoseconds
	ID       [2]uint64 `json:"id"`
	Verified time.Time `json:"verified"`

	Kind     Kind          `json:"kind"`
	Start    time.Time     `json:"start,omitzero"`
	End      time.Time     `json:"end,omitzero"`
	Took     time.Duration `json:"took,omitempty"`
	Clocked  bool          `json:"clocked,omitempty"`
	Written  time.Time     `json:"written,omitzero"`
	State    condition     `json:"state"`
	Content  int64         `json:"content,omitempty"`
	Stored   int64         `json:"stored,omitempty"`
	Level    Level         `json:"level"`
	Evidence string        `json:"evidence"`
	Link     Link          `json:"link,omitzero"`
	Position Position      `json:"position,omitzero"`
}

// newMemory is the memory of one backup in the state folder.
func newMemory(stateDir, backup string) memory {
	if stateDir == "" {
		return memory{}
	}
	return memory{filepath.Join(stateDir, "verified-"+backup+".json")}
}

// load returns what is kept, by what identifies it. A file that is missing or that
// cannot be read holds nothing.
func (m memory) load() map[fingerprint]*match {
	known := map[fingerprint]*match{}
	if m.path == "" {
		return known
	}
	info, err := os.Stat(m.path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxMemory {
		return known
	}
	text, err := os.ReadFile(m.path)
	var r remembered
	if err != nil || json.Unmarshal(text, &r) != nil || r.Format != memoryFormat {
		return known
	}
	for _, e := range r.Entries {
		if e.State < unread || e.State > opaque || e.Verified.IsZero() {
			continue
		}
		f := file{path: e.Path, size: e.Size, modified: time.Unix(0, e.Modified), id: e.ID}
		known[f.fingerprint()] = &match{file: f, glanced: true, verified: e.Verified, artefact: artefact{
			kind: e.Kind, start: e.Start, end: e.End, took: e.Took, clocked: e.Clocked, written: e.Written, state: e.State,
			size: e.Content, stored: e.Stored, level: e.Level, evidence: e.Evidence, link: e.Link, position: e.Position,
		}}
	}
	return known
}

// entriesOf returns what is to be kept of matches that were read whole.
func entriesOf(matches []*match) []entry {
	entries := []entry{}
	for _, one := range matches {
		if one.verified.IsZero() {
			continue
		}
		f, a := one.file.fingerprint(), &one.artefact
		entries = append(entries, entry{
			Path: f.path, Size: f.size, Modified: f.modified, ID: f.id, Verified: one.verified,
			Kind: a.kind, Start: a.start, End: a.end, Took: a.took, Clocked: a.clocked, Written: a.written, State: a.state,
			Content: a.size, Stored: a.stored, Level: a.level, Evidence: a.evidence, Link: a.link, Position: a.position,
		})
	}
	return entries
}

// save keeps the entries in place of what was kept before.
func (m memory) save(entries []entry) error {
	if m.path == "" {
		return nil
	}
	r := remembered{Format: memoryFormat, Entries: entries}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.path), 0o750); err != nil {
		return err
	}
	part := filepath.Join(filepath.Dir(m.path), ".new-"+filepath.Base(m.path))
	err = os.WriteFile(part, text, 0o600)
	if err == nil {
		err = os.Rename(part, m.path)
	}
	if err != nil {
		if gone := os.Remove(part); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
