// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"errors"
	"fmt"
	"time"
)

// Verdict is what a restore test found out.
type Verdict struct {
	Backup     string   `json:"backup"`
	Method     string   `json:"method"`
	Restored   []string `json:"restored"` // IDs of the runs, the full backup first
	Server     string   `json:"server,omitempty"`
	Restorable bool     `json:"restorable"`
	// Problems is why it is not restorable, the worst first; empty when it is.
	Problems []Problem `json:"problems"`
	// Notes are what could not be looked at, and does not make it less restorable.
	Notes  []string `json:"notes,omitempty"`
	Tables int      `json:"tables"`
	Rows   int64    `json:"rows"`
	Bytes  int64    `json:"bytes"` // what was restored takes on the disk of the server
	Checks int      `json:"checks"`

	RestoreSeconds float64   `json:"restore_seconds"`
	CheckSeconds   float64   `json:"check_seconds"`
	Start          time.Time `json:"start"`
	End            time.Time `json:"end"`
}

// Problem is one reason for which a backup counts as not restorable. It is the error of what finds it.
type Problem struct {
	Kind   ProblemKind `json:"kind"`
	Table  string      `json:"table,omitempty"` // schema.table, where it is one table's
	Detail string      `json:"detail"`
}

// ProblemKind sorts problems.
type ProblemKind string

// The kinds of problems.
const (
	NotWhole     ProblemKind = "not_whole"     // the backup itself says that it is not
	NotRestored  ProblemKind = "not_restored"  // restoring it failed
	TableDamaged ProblemKind = "table_damaged" // CHECK TABLE, or reading it
	TableMissing ProblemKind = "table_missing" // the live server has it
	RowsDiffer   ProblemKind = "rows_differ"   // from what the dump or the live server has
	CheckFailed  ProblemKind = "check_failed"  // of the user's own
)

// Error is the problem in one line.
func (p *Problem) Error() string {
	if p.Table != "" {
		return p.Table + ": " + p.Detail
	}
	return p.Detail
}

func problem(kind ProblemKind, table, format string, args ...any) *Problem {
	return &Problem{kind, table, fmt.Sprintf(format, args...)}
}

// Broken is the verdict on a backup that has no whole chain to be restored from.
func Broken(backup, method string, why error) Verdict {
	now := time.Now()
	return Verdict{
		Backup: backup, Method: method, Start: now, End: now, Problems: []Problem{{Kind: NotWhole, Detail: why.Error()}},
	}
}

// blame turns an error that is the backup's fault into a problem of the verdict, and returns all others.
func (v *Verdict) blame(err error) error {
	var p *Problem
	if errors.As(err, &p) {
		v.Problems = append(v.Problems, *p)
		return nil
	}
	return err
}

// Values are the figures of the verdict, as a run reports them.
func (v *Verdict) Values() map[string]float64 {
	failed := 0
	for _, p := range v.Problems {
		if p.Kind == CheckFailed {
			failed++
		}
	}
	return map[string]float64{
		"tables": float64(v.Tables), "rows": float64(v.Rows), "bytes": float64(v.Bytes), "checks": float64(v.Checks),
		"failed_checks": float64(failed), "problems": float64(len(v.Problems)),
		"restore_seconds": v.RestoreSeconds, "check_seconds": v.CheckSeconds,
	}
}
