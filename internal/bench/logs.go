// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/app"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// logLines is how many lines of an access log are read.
const logLines = 500_000

// mtailProgram counts what app.access counts of the same log: requests by method
// and code, and a histogram of the response times.
const mtailProgram = `
counter requests_total by method, code
histogram request_duration_seconds buckets 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.5, 2.5, 5.5, 10.5
/^\S+ - \S+ \[[^\]]+\] "(?P<method>[A-Z]+) (?P<uri>\S+) [^"]*" (?P<code>\d{3}) \d+ "[^"]*" "[^"]*" (?P<seconds>\d+\.\d+)$/ {
  requests_total[$method][$code]++
  request_duration_seconds = float($seconds)
}
`

// onLogs compares the reading of an access log with mtail.
func onLogs(ctx context.Context, dir string, out io.Writer) error {
	mtail, err := sandbox.Find(sandbox.Tools, "mtail")
	if err != nil {
		return err
	}
	ours, err := readLog(ctx, filepath.Join(dir, "ours.log"))
	if err != nil {
		return err
	}
	theirs, err := runMtail(ctx, mtail, dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nan access log of %d lines\n\n", logLines)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "  \tdbsync_exporter\tmtail\tratio\t\n")
	fmt.Fprintf(w, "  thousand lines per CPU second\t%.0f\t%.0f\t%.2f\t\n",
		logLines/ours/1000, logLines/theirs/1000, theirs/ours)
	return w.Flush()
}

// readLog returns the CPU seconds that the lines cost us.
func readLog(ctx context.Context, path string) (seconds float64, err error) {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return 0, err
	}
	defs := app.Definitions(app.Options{APIs: []app.API{{Name: "api", AccessLog: path, Format: app.Format{Name: "combined"}}}})
	defs[0].Every = 0 // read when scraped
	s, err := collector.NewScraper(&collector.Target{Name: "bench"}, defs[:1])
	if err != nil {
		return 0, err
	}
	s.Scrape(ctx)
	if err := writeLog(path); err != nil {
		return 0, err
	}
	before := cpuSeconds()
	families := s.Scrape(ctx)
	seconds = cpuSeconds() - before
	for _, f := range families {
		if f.GetName() != "dbsync_api_log_lines_total" {
			continue
		}
		if n := f.Metric[0].Counter.GetValue(); n != logLines {
			return 0, fmt.Errorf("%v lines were read, want %d", n, logLines)
		}
		return seconds, nil
	}
	return 0, errors.New("the log was not read")
}

// runMtail returns the CPU seconds of an mtail that reads the lines once, less
// those of one that reads none.
func runMtail(ctx context.Context, mtail sandbox.Program, dir string) (float64, error) {
	program, log, empty := filepath.Join(dir, "access.mtail"), filepath.Join(dir, "theirs.log"), filepath.Join(dir, "empty.log")
	err := errors.Join(os.WriteFile(program, []byte(mtailProgram), 0o600), os.WriteFile(empty, nil, 0o600), writeLog(log))
	if err != nil {
		return 0, err
	}
	var seconds [2]float64
	for i, path := range []string{empty, log} {
		executable, args := mtail.Command("--one_shot", "--one_shot_format=prometheus", "--progs", program, "--logs", path)
		command := exec.CommandContext(ctx, executable, args...)
		output, err := command.CombinedOutput()
		if err != nil {
			return 0, fmt.Errorf("mtail: %w: %s", err, output)
		}
		if i == 1 && !strings.Contains(string(output), "request_duration_seconds_count{prog=\"access.mtail\"} "+fmt.Sprint(logLines)) {
			return 0, fmt.Errorf("mtail did not count %d lines: %.2000s", logLines, output)
		}
		seconds[i] = (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
	}
	return seconds[1] - seconds[0], nil
}

// writeLog writes an access log like nginx's.
func writeLog(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	random := rand.New(rand.NewPCG(1, 1)) // the same log each time
	methods, codes := []string{"GET", "GET", "GET", "POST", "PUT", "DELETE"}, []int{200, 200, 200, 200, 201, 302, 404, 500}
	w := bufio.NewWriter(f)
	for i := range logLines {
		fmt.Fprintf(w, `10.0.%d.%d - - [24/Nov/2026:03:38:00 +0000] "%s /api/v1/orders/%d?expand=items HTTP/1.1" %d %d `+
			`"https://erp.example.com/orders" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36" %.3f`+"\n",
			random.IntN(256), random.IntN(256), methods[random.IntN(len(methods))], i, codes[random.IntN(len(codes))],
			random.IntN(10000), random.ExpFloat64()/20)
	}
	return w.Flush()
}

// cpuSeconds is what this process has used.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	total := usage.Utime.Nano() + usage.Stime.Nano()
	return float64(total) / 1e9
}
