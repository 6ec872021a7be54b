// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"encoding/json"
	"strings"
	"time"
)

// walG is the method of wal-g's sentinels, the files
// basebackups_005/NAME_backup_stop_sentinel.json that it writes when a backup is
// done. Nothing is seen of one that goes on or has failed.
func walG() method {
	return method{
		name:     "wal-g",
		statuses: []Status{Success, Failed},
		kept:     true,
		every:    10 * time.Second,
		open: func(b Backup, e *env, _ *method) source {
			b.VerifyLevel = Complete // the backups themselves are wal-g's to read
			s := newFileSource(b, e, walGTool{})
			s.described = true
			return s
		},
	}
}

type walGTool struct{}

const sentinelSuffix = "_backup_stop_sentinel.json"

// walGSentinel holds the fields that matter (internal/databases/mysql in wal-g).
type walGSentinel struct {
	BinLogStart      string
	StartLocalTime   time.Time
	StopLocalTime    time.Time
	UncompressedSize int64
	CompressedSize   int64
	IsIncremental    bool
	LSN              *uint64
	DeltaLSN         *uint64
	DeltaFrom        *string
}

func (walGTool) glance(ctx context.Context, p *place) (artefact, error) {
	a := artefact{kind: Full}
	text, err := p.load(ctx, p.file)
	if err != nil {
		return a, err
	}
	var s walGSentinel
	if err := json.Unmarshal(text, &s); err != nil || s.StopLocalTime.IsZero() {
		a.state, a.evidence = damaged, "not a sentinel of a MySQL backup"
		return a, nil
	}
	a.state, a.evidence, a.level = complete, "its sentinel is there", Complete
	a.end = s.StopLocalTime
	a.lasted(s.StopLocalTime.Sub(s.StartLocalTime))
	a.size, a.stored = s.UncompressedSize, s.CompressedSize
	a.position.File = s.BinLogStart
	a.link.Name = strings.TrimSuffix(p.name(), sentinelSuffix)
	if s.IsIncremental {
		a.kind = Incremental
		if s.DeltaFrom != nil {
			a.link.Base = *s.DeltaFrom
		}
	}
	return a, nil
}

func (walGTool) read(_ context.Context, _ *place, a artefact, _ *streams) (artefact, error) {
	return a, nil
}
