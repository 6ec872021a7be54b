// SPDX-License-Identifier: Apache-2.0

// Command quality replays the shipped rules over made-up servers, well ones and
// broken ones, and says how often the rules were right.
//
//	go run . [-seed 1] [-incidents 200] [-healthy 3000]
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
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
	flags.IntVar(&p.incidents, "incidents", 200, "incidents of each fault")
	flags.IntVar(&p.healthy, "healthy", 3000, "stretches of two hours in which all is well")
	flags.IntVar(&p.batch, "batch", 300, "servers side by side in one Prometheus")
	kinds := flags.String("kinds", strings.Join(world.Kinds, ","), "what is made up")
	why := flags.Bool("why", false, "name the misses and the false alarms")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	p.kinds = strings.Split(*kinds, ",")
	files, err := shipped()
	if err != nil {
		fmt.Fprintln(stderr, "quality:", err)
		return 1
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

// report prints the score, a rule a line.
func report(w io.Writer, s *score.Score, why bool) {
	weeks := s.Watched.Hours() / (7 * 24)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "rule_id\tincidents\tmissed\tat most\tfirings\tfalse\tat most\tfalse per instance-week\tdelay p50\tp99\t\n")
	line := func(name string, r score.Rule) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%.2f %%\t%d\t%d\t%.2f %%\t%.3f\t%s\t%s\t\n", name, r.Incidents, r.Missed, 100*score.Upper(r.Missed, r.Incidents),
			r.Firings, r.False, 100*score.Upper(r.False, r.Firings), float64(r.False)/weeks, r.Quantile(.5), r.Quantile(.99))
	}
	var ids []string
	for id := range s.Rules {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		line(id, *s.Rules[id])
	}
	line("all", s.Total())
	_ = t.Flush()
	fmt.Fprintf(w, "\n%.1f instance-weeks were watched, %.1f of them without a fault. \"At most\" is the upper end of the 95 %% interval.\n",
		weeks, s.Healthy.Hours()/(7*24))
	if !why {
		return
	}
	for _, id := range ids {
		for _, m := range s.Rules[id].Misses {
			fmt.Fprintf(w, "missed %s: %s\n", id, m)
		}
		for _, f := range s.Rules[id].FalseAlarms {
			fmt.Fprintf(w, "false %s: %s\n", id, f)
		}
	}
}
