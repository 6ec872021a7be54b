// SPDX-License-Identifier: Apache-2.0

//go:build unix

package job_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
)

func TestWrongRunsAreRefusedFieldByField(t *testing.T) {
	negative := int64(-1)
	for _, c := range []struct {
		field  string
		change func(*job.Run)
	}{
		{"id", func(r *job.Run) { r.ID = "" }},
		{"id", func(r *job.Run) { r.ID = "two words" }},
		{"id", func(r *job.Run) { r.ID = strings.Repeat("x", 129) }},
		{"run_type", func(r *job.Run) { r.RunType = "Backup" }},
		{"run_type", func(r *job.Run) { r.RunType = "../x" }},
		{"task", func(r *job.Run) { r.Task = "a/b" }},
		{"task", func(r *job.Run) { r.Task = "a@b" }},
		{"task", func(r *job.Run) { r.Task = ".hidden" }},
		{"task", func(r *job.Run) { r.Task = "" }},
		{"status", func(r *job.Run) { r.Status = "ok" }},
		{"start", func(r *job.Run) { r.Start = time.Time{} }},
		{"start", func(r *job.Run) { r.Status, r.Start, r.End = job.Running, r.Start.AddDate(1, 0, 0), time.Time{} }},
		{"end", func(r *job.Run) { r.End = time.Time{} }},
		{"end", func(r *job.Run) { r.Status = job.Running }},
		{"end", func(r *job.Run) { r.End = r.Start.Add(-time.Second) }},
		{"end", func(r *job.Run) { r.End = r.End.AddDate(1, 0, 0) }},
		{"size_bytes", func(r *job.Run) { r.SizeBytes = &negative }},
		{"expected_interval_seconds", func(r *job.Run) { r.ExpectedIntervalSeconds = -1 }},
		{"expected_interval_seconds", func(r *job.Run) { r.ExpectedIntervalSeconds = math.NaN() }},
		{"values", func(r *job.Run) { r.Values = map[string]float64{"Rows": 1} }},
		{"values", func(r *job.Run) { r.Values = map[string]float64{"rows": math.Inf(1)} }},
		{"values", func(r *job.Run) {
			r.Values = map[string]float64{}
			for i := range 21 {
				r.Values[strings.Repeat("v", i+1)] = 1
			}
		}},
	} {
		r := ended("a", job.Success)
		c.change(&r)
		if err := r.Validate(time.Now()); err == nil || !strings.HasPrefix(err.Error(), c.field+": ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	r := ended("a", job.Success)
	if err := r.Validate(time.Now()); err != nil {
		t.Error(err)
	}
}

// FuzzDecode: whatever is read as a run and found valid can be kept and shown.
func FuzzDecode(f *testing.F) {
	for _, r := range []job.Run{begun("a"), ended("a", job.Partial)} {
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"id":"a","values":{"a":1e308},"size_bytes":9223372036854775807}`))
	f.Add([]byte(`{"specversion":"1.0","id":"7","source":"/s","type":"a.b.1","data":{"status":"success"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := job.Decode(text, time.Now())
		if err != nil || r.Validate(time.Now()) != nil {
			return
		}
		s := job.New(job.Options{Dir: t.TempDir()})
		if news, err := s.Report(t.Context(), r); !news || err != nil {
			t.Fatalf("%v, %v", news, err)
		}
		again := job.New(job.Options{Dir: s.Dir()})
		if err := again.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, ok := again.Task(r.RunType, r.Task); !ok {
			t.Fatal("what was kept is not found again")
		}
	})
}
