// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// contestant is what takes part: a running exporter, or several that are scraped
// one after the other, and what is asked of each.
type contestant struct {
	name  string
	asked []asked
}

type asked struct {
	service *sandbox.Service
	query   string
}

func ours(service *sandbox.Service, query string) contestant {
	return contestant{"dbsync_exporter", []asked{{service, query}}}
}

// measurement is what the scrapes of one contestant cost.
type measurement struct {
	name        string
	times       []time.Duration // sorted
	bytes       int             // of the last answer, on the wire
	cpu         float64         // seconds per scrape
	mallocs     float64         // per scrape
	resident    float64         // bytes, after the scrapes
	private     float64         // of these, what is not the program's file in the page cache
	statements  float64         // per scrape
	connections float64         // new ones, per scrape
}

// counters are read before and after.
type counters struct{ cpu, questions, connections float64 }

// compare measures the contestants in turn, in rounds, so that a change of the
// machine's speed meets all of them.
func compare(ctx context.Context, server *sandbox.Instance, all []contestant, scrapes int) ([]measurement, error) {
	const rounds = 10
	out := make([]measurement, len(all))
	for i, c := range all {
		out[i].name = c.name
		for range 5 { // warm up
			if _, _, err := c.scrape(ctx); err != nil {
				return nil, err
			}
		}
	}
	per := max(1, scrapes/rounds)
	for range rounds {
		for i, c := range all {
			if err := out[i].add(ctx, server, c, per); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	for i := range out {
		m := &out[i]
		n := float64(len(m.times))
		m.cpu, m.mallocs, m.statements, m.connections = m.cpu/n, m.mallocs/n, m.statements/n, m.connections/n
		slices.Sort(m.times)
	}
	return out, nil
}

func (m *measurement) add(ctx context.Context, server *sandbox.Instance, c contestant, scrapes int) error {
	// Reading the allocations costs a scrape, which the other counters must not see.
	mallocs, err := c.mallocs(ctx)
	if err != nil {
		return err
	}
	before, err := c.counters(ctx, server)
	if err != nil {
		return err
	}
	for range scrapes {
		took, size, err := c.scrape(ctx)
		if err != nil {
			return err
		}
		m.times, m.bytes = append(m.times, took), size
	}
	after, err := c.counters(ctx, server)
	if err != nil {
		return err
	}
	m.cpu += after.cpu - before.cpu
	m.statements += after.questions - before.questions - 1 // our own look at the counter
	m.connections += after.connections - before.connections
	if m.resident, m.private, err = c.memory(); err != nil {
		return err
	}
	allocated, err := c.mallocs(ctx)
	m.mallocs += allocated - mallocs
	return err
}

// memory returns the resident memory in bytes, and how much of it is not the
// program's file in the page cache.
func (c contestant) memory() (resident, private float64, err error) {
	for _, a := range c.asked {
		process, err := procfs.NewProc(a.service.PID())
		if err != nil {
			return 0, 0, err
		}
		status, err := process.NewStatus()
		if err != nil {
			return 0, 0, err
		}
		resident, private = resident+float64(status.VmRSS), private+float64(status.RssAnon)
	}
	return resident, private, nil
}

// scrape asks all exporters, and returns the time and the bytes on the wire.
func (c contestant) scrape(ctx context.Context) (took time.Duration, size int, err error) {
	for _, a := range c.asked {
		t, n, err := a.scrape(ctx)
		if err != nil {
			return 0, 0, err
		}
		took, size = took+t, size+n
	}
	return took, size, nil
}

// accept is what Prometheus 3 sends.
const accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
	"application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4," +
	"text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

// scrape asks as Prometheus does.
func (a asked) scrape(ctx context.Context) (time.Duration, int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.service.URL()+"/metrics"+a.query, nil)
	if err != nil {
		return 0, 0, err
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("Accept-Encoding", "gzip") // set here, so that nobody unpacks it
	request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
	start := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	took := time.Since(start)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", request.URL, response.Status)
	}
	return took, int(n), err
}

// counters reads what the exporter and the server have used so far.
func (c contestant) counters(ctx context.Context, server *sandbox.Instance) (counters, error) {
	var n counters
	for _, a := range c.asked {
		process, err := procfs.NewProc(a.service.PID())
		if err != nil {
			return n, err
		}
		stat, err := process.Stat()
		if err != nil {
			return n, err
		}
		n.cpu += stat.CPUTime()
	}
	if server == nil {
		return n, nil
	}
	rows, err := server.Open().QueryContext(ctx, "SHOW GLOBAL STATUS WHERE variable_name IN ('Questions', 'Connections')")
	if err != nil {
		return n, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var value float64
		if err := rows.Scan(&name, &value); err != nil {
			return n, err
		}
		if name == "Questions" {
			n.questions = value
		} else {
			n.connections = value
		}
	}
	return n, rows.Err()
}

// mallocs reads the exporters' own counts of heap allocations.
func (c contestant) mallocs(ctx context.Context) (total float64, err error) {
	for _, a := range c.asked {
		n, err := a.mallocs(ctx)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", c.name, err)
		}
		total += n
	}
	return total, nil
}

func (a asked) mallocs(ctx context.Context) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.service.URL()+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return 0, err
	}
	f := families["go_memstats_mallocs_total"]
	if f == nil || len(f.Metric) == 0 {
		return 0, errors.New("no go_memstats_mallocs_total")
	}
	return f.Metric[0].GetCounter().GetValue(), nil
}
