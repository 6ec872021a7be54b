// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// restic is the method of what `restic snapshots --json` prints: the job that backs
// up keeps it in a file, because the repository itself is encrypted and the exporter
// executes nothing. Of several files that match, the newest counts.
func restic() method {
	return method{
		name:     "restic",
		statuses: []Status{Success},
		kept:     true,
		every:    10 * time.Second,
		open: func(b Backup, e *env, _ *method) source {
			return &resticSource{store: e.store(b), pattern: b.Path}
		},
	}
}

type resticSource struct {
	store   store
	pattern string
	known   fingerprint
	runs    []Run
}

// resticSnapshot holds the fields that matter; the summary is there since 0.17.
type resticSnapshot struct {
	Time    time.Time `json:"time"`
	ID      string    `json:"id"`
	Summary *struct {
		Start  time.Time `json:"backup_start"`
		End    time.Time `json:"backup_end"`
		Size   int64     `json:"total_bytes_processed"`
		Added  int64     `json:"data_added"`
		Packed int64     `json:"data_added_packed"`
	} `json:"summary"`
}

func (s *resticSource) look(ctx context.Context) (history, error) {
	files, err := s.store.glob(ctx, s.pattern)
	if err != nil {
		return history{}, err
	}
	var newest file
	for _, f := range files {
		if !f.dir && f.modified.After(newest.modified) {
			newest = f
		}
	}
	if newest.path == "" {
		return history{}, fmt.Errorf("%s: %w: let the job keep there what `restic snapshots --json` prints", s.pattern, fs.ErrNotExist)
	}
	if newest.fingerprint() == s.known {
		return history{runs: s.runs}, nil
	}
	text, err := (&place{store: s.store, file: newest}).load(ctx, newest)
	if err != nil {
		return history{}, err
	}
	runs, err := parseRestic(text)
	if err != nil {
		return history{}, fmt.Errorf("%s: %w", newest.path, err)
	}
	s.known, s.runs = newest.fingerprint(), runs
	return history{runs: runs}, nil
}

// parseRestic turns snapshots into runs. Each snapshot can be restored by itself.
func parseRestic(text []byte) ([]Run, error) {
	var snapshots []resticSnapshot
	if err := json.Unmarshal(text, &snapshots); err != nil {
		return nil, errors.Join(errors.New("not what `restic snapshots --json` prints"), err)
	}
	runs := make([]Run, 0, len(snapshots))
	for _, s := range snapshots {
		if s.Time.IsZero() {
			continue
		}
		r := Run{ID: s.ID, Kind: Full, Start: s.Time, End: s.Time, Status: Success, Level: Complete, Evidence: "snapshot"}
		if s.Summary == nil {
			r.Start = time.Time{} // how long it took is not known
		} else {
			r.Start, r.End = s.Summary.Start, s.Summary.End
			r.Size, r.Stored = s.Summary.Size, s.Summary.Packed
		}
		runs = append(runs, r)
	}
	return runs, nil
}
