// SPDX-License-Identifier: Apache-2.0

package report

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed report.html
var page string

// WriteHTML writes the report as one file, its charts included, which loads
// nothing from anywhere.
func WriteHTML(w io.Writer, r Report) error {
	t, err := template.New("report").Funcs(template.FuncMap{"text": text, "still": still}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, map[string]any{
		"From": r.From.Format(minute), "To": r.To.Format(minute), "Summary": r.summary(), "Rules": r.fired(), "Quiet": r.quiet(),
		"Candidates": r.candidates(), "Open": r.Open, "Days": columns(r.Days), "Width": len(r.Days) * columnWidth, "Height": chartHeight,
		"Bars": bars(r.fired()), "Meaning": meaning, "Layout": minute,
	})
}

// Sizes of the charts, in pixels.
const (
	chartHeight = 160
	columnWidth = 72
	barWidth    = 420
	maxBars     = 12
)

// column is a day of the chart; sizes and places in pixels.
type column struct {
	Day
	Left, CriticalTop, CriticalHeight, WarningTop, WarningHeight int
}

func columns(days []Day) []column {
	most := 1
	for _, d := range days {
		most = max(most, d.Critical+d.Warning)
	}
	all := make([]column, 0, len(days))
	for n, d := range days {
		c := column{Day: d, Left: n * columnWidth, CriticalHeight: d.Critical * chartHeight / most, WarningHeight: d.Warning * chartHeight / most}
		c.CriticalTop = chartHeight - c.CriticalHeight
		c.WarningTop = c.CriticalTop - c.WarningHeight
		all = append(all, c)
	}
	return all
}

// bar is a rule of the chart of the noisiest; lengths in pixels.
type bar struct {
	Rule
	Now, Then int
}

func bars(rules []Rule) []bar {
	rules = rules[:min(len(rules), maxBars)]
	most := 1
	for _, r := range rules {
		most = max(most, r.Episodes, r.Before.Episodes)
	}
	all := make([]bar, 0, len(rules))
	for _, r := range rules {
		all = append(all, bar{r, r.Episodes * barWidth / most, r.Before.Episodes * barWidth / most})
	}
	return all
}
