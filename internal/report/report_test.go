// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/history"
)

var update = flag.Bool("update", false, "rewrite testdata")

var end = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// episode is one that began so many minutes before the end.
func episode(name, severity, instance string, ago, lasted float64) history.Episode {
	from := end.Add(-time.Duration(ago * float64(time.Minute)))
	return history.Episode{
		RuleID: strings.ToLower(name), RuleName: name, Severity: severity, Status: history.Resolved, From: from,
		To:     from.Add(time.Duration(lasted * float64(time.Minute))),
		Labels: map[string]string{"alertname": name, "rule_id": strings.ToLower(name), "severity": severity, "instance": instance},
	}
}

func taken(e history.Episode, after float64) history.Episode {
	d := time.Duration(after * float64(time.Minute))
	e.Acknowledged = &history.Acknowledgement{By: "alice", At: e.From.Add(d), After: d}
	return e
}

func week() Report {
	fires := episode("DiskSpaceLow", "warning", "b", 120, 120)
	fires.Status = history.Firing
	now := []history.Episode{
		taken(episode("MySQLDown", "critical", "a", 3000, 30), 2),
		taken(episode("MySQLDown", "critical", "b", 2000, 60), 8),
		episode("MySQLDown", "critical", "b", 1920, 20), // 20 minutes after its end, taken by nobody
		episode("LagHigh", "warning", "a", 5000, 3),
		episode("LagHigh", "warning", "a", 4000, 2),
		episode("LagHigh", "warning", "a", 1000, 4),
		fires,
	}
	before := []history.Episode{episode("BackupFailure", "critical", "a", 12000, 60), episode("MySQLDown", "critical", "a", 15000, 60)}
	return Make(end.AddDate(0, 0, -7), end, now, before)
}

func TestFigures(t *testing.T) {
	r := week()
	names := make([]string, 0, len(r.Rules))
	for _, rule := range r.Rules {
		names = append(names, rule.Name)
	}
	if got := strings.Join(names, " "); got != "MySQLDown LagHigh DiskSpaceLow BackupFailure" {
		t.Fatalf("rules: %s", got)
	}
	down, lag := r.Rules[0], r.Rules[1]
	if down.Episodes != 3 || down.Objects != 2 || down.Before.Episodes != 1 || down.Acknowledged != 2 || down.Ignored != 1 || down.Flaps != 1 || down.Firing != 110*60 {
		t.Errorf("%+v", down)
	}
	if *down.ToAcknowledge.Median != 2*60 || *down.ToAcknowledge.P90 != 8*60 || *down.ToResolve.Median != 30*60 || *down.ToResolve.P90 != 60*60 {
		t.Errorf("acknowledged %v, resolved %v %v", down.ToAcknowledge.Median, down.ToResolve.Median, down.ToResolve.P90)
	}
	if !lag.Candidate || lag.Ignored != 0 || down.Candidate {
		t.Errorf("false alarm candidates: LagHigh %v, MySQLDown %v", lag.Candidate, down.Candidate)
	}
	if r.Total.Critical != 3 || r.Total.Warning != 4 || r.Before.Episodes != 2 {
		t.Errorf("%+v %+v", r.Total, r.Before)
	}
	// What fires is not resolved: it has no time to resolve.
	if disk := r.Rules[2]; disk.ToResolve.Median != nil || disk.Ignored != 1 {
		t.Errorf("%+v", disk)
	}
	if len(r.Open) != 2 || r.Open[0].Alert != "DiskSpaceLow" || !r.Open[0].Firing || r.Open[0].Subject != `{instance="b"}` {
		t.Errorf("%+v", r.Open)
	}
	if len(r.Days) != 8 || r.Days[6].Date != "2026-11-23" || r.Days[6].Warning != 1 || r.Days[6].Critical != 2 {
		t.Errorf("%+v", r.Days)
	}
}

func TestWritten(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer, Report) error{
		"week.md":   func(b *bytes.Buffer, r Report) error { return WriteMarkdown(b, r) },
		"week.html": func(b *bytes.Buffer, r Report) error { return WriteHTML(b, r) },
		"week.json": func(b *bytes.Buffer, r Report) error {
			e := json.NewEncoder(b)
			e.SetIndent("", "  ")
			return e.Encode(r)
		},
	} {
		var got bytes.Buffer
		if err := write(&got, week()); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is not what is written now; look at it, then run this test with -update", path)
		}
	}
}

// TestHostileLabels: a label's value is anybody's who may create a table.
func TestHostileLabels(t *testing.T) {
	e := episode("A|<script>alert(1)</script>\n", "warning", "x|y<script>", 100, 50)
	r := Make(end.AddDate(0, 0, -1), end, []history.Episode{e}, nil)
	var md, page bytes.Buffer
	if err := WriteMarkdown(&md, r); err != nil {
		t.Fatal(err)
	}
	if err := WriteHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"Markdown": md.String(), "HTML": page.String()} {
		if strings.Contains(text, "<script>") {
			t.Errorf("%s: a script of a label", name)
		}
	}
	for line := range strings.Lines(md.String()) {
		if cells := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); strings.Contains(line, "alert(1)") && cells != 14 && cells != 5 {
			t.Errorf("the value ends its cell: %s", line)
		}
	}
}

func TestNothingFired(t *testing.T) {
	r := Make(end.AddDate(0, 0, -7), end, nil, nil)
	var b bytes.Buffer
	if err := WriteHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := WriteMarkdown(&b, r); err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(r); err != nil || bytes.Contains(text, []byte(`"rules":null`)) {
		t.Errorf("%s %v", text, err)
	}
}
