// SPDX-License-Identifier: Apache-2.0

// Command quality replays the shipped rules over made-up servers, well ones and
// broken ones, and says how often the rules were right.
//
//	go run . [-seed 1] [-incidents 100] [-healthy 3000]
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/easy-erp/dbsync/rules"
	"github.com/easy-erp/dbsync/rules/quality/score"
	"github.com/easy-erp/dbsync/rules/quality/world"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("quality", flag.ContinueOnError)
	flags.SetOutput(stderr)
	p := plan{stretch: 2 * time.Hour, workers: runtime.NumCPU()}
	flags.Uint64Var(&p.seed, "seed", 1, "what the made-up servers are made from")
	flags.IntVar(&p.incidents, "incidents", 100, "incidents of each fault")
	flags.IntVar(&p.healthy, "healthy", 3000, "stretches of two hours in which all is well, of what takes hours of twelve")
	flags.IntVar(&p.batch, "batch", 300, "servers side by side in one Prometheus")
	kinds := flags.String("kinds", strings.Join(world.Kinds, ","), "what is made up")
	docs := flags.String("docs", "", "the page to write the figures into")
	profile := flags.String("profile", "", "the file for a profile of where the time goes")
	why := flags.Bool("why", false, "name the misses and the false alarms")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	p.kinds = strings.Split(*kinds, ",")
	files, err := shipped()
	if err == nil {
		p.others, err = others()
	}
	if err != nil {
		fmt.Fprintln(stderr, "quality:", err)
		return 1
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(stderr, "quality:", err)
			return 1
		}
		defer pprof.StopCPUProfile()
	}
	began := time.Now()
	s, err := p.run(files, func(done, all int) { fmt.Fprintf(stderr, "\r%d of %d batches", done, all) })
	fmt.Fprintln(stderr)
	if err != nil {
		fmt.Fprintln(stderr, "quality:", err)
		return 1
	}
	fmt.Fprintf(stdout, "seed %d, %s on %d processors\n\n", p.seed, time.Since(began).Round(time.Second), p.workers)
	report(stdout, s, *why)
	if *docs != "" {
		if err := write(*docs, s, p); err != nil {
			fmt.Fprintln(stderr, "quality:", err)
			return 1
		}
	}
	return 0
}

// shipped returns the rule files by name.
func shipped() (map[string][]byte, error) {
	names, err := fs.Glob(rules.Files, "*.rules.yml")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = fs.ReadFile(rules.Files, name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// row is a rule's score as text.
func row(name string, r score.Rule, weeks float64) []string {
	share := func(k, n int) string { return fmt.Sprintf("%.2f %%", 100*score.Upper(k, n)) }
	return []string{
		name, fmt.Sprint(r.Incidents), fmt.Sprint(r.Missed), share(r.Missed, r.Incidents),
		fmt.Sprint(r.Firings), fmt.Sprint(r.False), share(r.False, r.Firings), fmt.Sprintf("%.3f", float64(r.False)/weeks),
		r.Quantile(.5).String(), r.Quantile(.99).String(),
	}
}

var header = []string{
	"rule_id", "incidents", "missed", "at most", "firings", "false", "at most", "false per instance-week", "delay p50", "p99",
}

// table is the score of all rules, a rule a row.
func table(s *score.Score) [][]string {
	rows := [][]string{header}
	for _, id := range slices.Sorted(maps.Keys(s.Rules)) {
		rows = append(rows, row(id, *s.Rules[id], weeks(s)))
	}
	return append(rows, row("all", s.Total(), weeks(s)))
}

func weeks(s *score.Score) float64 { return s.Watched.Hours() / (7 * 24) }

// summary says how much was watched.
func summary(s *score.Score) string {
	return fmt.Sprintf("%.1f instance-weeks were watched, %.1f of them without a fault. \"At most\" is the upper end of the 95 %% interval.",
		weeks(s), s.Healthy.Hours()/(7*24))
}

// report prints the score.
func report(w io.Writer, s result, why bool) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, cells := range table(s.Score) {
		fmt.Fprintln(t, strings.Join(cells, "\t")+"\t")
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\n%s\n\n", summary(s.Score))
	for _, cells := range compared(s) {
		fmt.Fprintln(t, strings.Join(cells, "\t")+"\t")
	}
	_ = t.Flush()
	if !why {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(s.Rules)) {
		for _, m := range s.Rules[id].Misses {
			fmt.Fprintf(w, "missed %s: %s\n", id, m)
		}
		for _, f := range s.Rules[id].FalseAlarms {
			fmt.Fprintf(w, "false %s: %s\n", id, f)
		}
	}
}

// write puts the score between its marks in a page.
func write(path string, s result, p plan) error {
	const begin, end = "<!-- alert quality -->\n", "<!-- end of alert quality -->"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s: no place between %q and %q", path, begin, end)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n`make quality QUALITY='-seed %d -incidents %d -healthy %d'`:\n\n", p.seed, p.incidents, p.healthy)
	markdown(&b, table(s.Score))
	fmt.Fprintf(&b, "\n%s\n", summary(s.Score))
	b.WriteString("\n### Beside other rules\n\n" + beside + "\n\n")
	markdown(&b, compared(s))
	b.WriteString("\n### What is not replayed\n\n" + elsewhereText + "\n\n")
	rows, err := uncovered()
	if err != nil {
		return err
	}
	markdown(&b, rows)
	b.WriteString("\n")
	return os.WriteFile(path, []byte(before+begin+b.String()+end+after), 0o644)
}

// markdown writes a table whose first row is its head.
func markdown(b *strings.Builder, rows [][]string) {
	for i, cells := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			b.WriteString("| --- |" + strings.Repeat(" ---: |", len(cells)-1) + "\n")
		}
	}
}
