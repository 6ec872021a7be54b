// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/procfs"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

const (
	fleetInterval = 15 * time.Second // between two scrapes of a target
	fleetServers  = 8                // of each kind, behind all the targets
	scrapeTimeout = 10 * time.Second
)

// fleet is one exporter with many targets, each with a loopback address of its
// own, on a few servers.
type fleet struct {
	servers  []*sandbox.Instance
	exporter *sandbox.Service
	names    []string
	client   *http.Client

	mu     sync.Mutex
	times  []time.Duration
	missed []error // scrapes without an answer in time, or without mysql_up 1
	partly []error // the others in which a collector had failed
}

// usage is what the exporter holds at one moment.
type usage struct {
	cpu, resident, goroutines, descriptors, connections float64
}

// fleet scrapes so many targets for a while, and then all at once.
func (b *bench) fleet(ctx context.Context, targets int, duration time.Duration) (result string, err error) {
	f, err := b.newFleet(ctx, targets)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.stop()) }()
	f.scrapeFor(ctx, max(duration/5, 2*fleetInterval)) // connections are made, background collectors have their rhythm
	warmUp := f.take()
	begin, err := f.usage(ctx)
	if err != nil {
		return "", err
	}
	start := time.Now()
	f.scrapeFor(ctx, duration)
	took := time.Since(start)
	end, err := f.usage(ctx)
	if err != nil {
		return "", err
	}
	steady := f.take()
	if b.profiles != "" {
		us := ours(f.exporter, "")
		err := errors.Join(b.write(ctx, us, "fleet-heap.pprof", "heap?gc=1"), b.write(ctx, us, "fleet-goroutines.txt", "goroutine?debug=1"))
		if err != nil {
			return "", err
		}
	}
	burst := f.atOnce(ctx)
	after, err := f.usage(ctx)
	if err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}

	var t strings.Builder
	fmt.Fprintf(&t, "| %d targets, each every %v for %v | | at the end | growth |\n| --- | ---: | ---: | ---: |\n", targets, fleetInterval, duration)
	fmt.Fprintf(&t, "| CPU, cores | %.2f | | |\n", (end.cpu-begin.cpu)/took.Seconds())
	for _, row := range []struct {
		name       string
		begin, end float64
	}{
		{"resident memory, MiB", begin.resident / (1 << 20), end.resident / (1 << 20)},
		{"goroutines", begin.goroutines, end.goroutines},
		{"descriptors", begin.descriptors, end.descriptors},
		{"connections to the servers", begin.connections, end.connections},
	} {
		fmt.Fprintf(&t, "| %s | | %.0f | %+.0f |\n", row.name, row.end, row.end-row.begin)
	}
	fmt.Fprintf(&t, "| scrapes, missed | %d, %d | | |\n", len(steady.times), len(steady.missed))
	fmt.Fprintf(&t, "| scrapes in which a collector had failed | %d | | |\n", len(steady.partly))
	fmt.Fprintf(&t, "| scrape time p50, p99, longest, ms | %s | | |\n", quantiles(steady.times))
	fmt.Fprintf(&t, "| all %d at once: missed | %d | | |\n", targets, len(burst.missed))
	fmt.Fprintf(&t, "| all at once: time p50, p99, longest, ms | %s | | |\n", quantiles(burst.times))
	fmt.Fprintf(&t, "| resident memory after that, MiB | | %.0f | |\n", after.resident/(1<<20))
	for phase, of := range map[string]*fleet{"at the start": warmUp, "steady": steady, "all at once": burst} {
		for _, e := range slices.Concat(firstFew(of.missed), firstFew(of.partly)) {
			fmt.Fprintf(b.out, "%s: %v\n", phase, e)
		}
	}
	return t.String(), nil
}

func firstFew(errs []error) []error { return errs[:min(len(errs), 5)] }

func quantiles(times []time.Duration) string {
	if len(times) == 0 {
		return "-"
	}
	slices.Sort(times)
	m := measurement{times: times}
	return fmt.Sprintf("%.1f, %.1f, %.1f", m.quantile(0.5), m.quantile(0.99), m.quantile(1))
}

func (b *bench) newFleet(ctx context.Context, targets int) (f *fleet, err error) {
	f = &fleet{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}} // as Prometheus has it
	defer func() {
		if err != nil {
			err = errors.Join(err, f.stop())
		}
	}()
	for _, find := range []func() (sandbox.Program, error){sandbox.FindMariaDB, sandbox.FindMySQL} {
		program, err := find()
		if err != nil {
			return f, err
		}
		for range fleetServers {
			server, err := sandbox.Start(ctx, sandbox.Options{Program: program, Flags: []string{
				"--bind-address=0.0.0.0", "--max-connections=1000", "--open-files-limit=5000", "--performance-schema=ON",
			}})
			if err != nil {
				return f, err
			}
			f.servers = append(f.servers, server)
		}
	}
	var account *account
	for _, server := range f.servers {
		if account, err = newAccount(ctx, server); err != nil {
			return f, err
		}
	}
	var config strings.Builder
	fmt.Fprintf(&config, "mysql:\n  modules: {default: {user: %s, password: %s}}\n  targets:\n", account.user, account.password)
	for i := range targets {
		f.names = append(f.names, fmt.Sprintf("server-%04d", i))
		fmt.Fprintf(&config, "  - {name: %s, address: '127.0.%d.%d:%d'}\n", f.names[i], 1+i/250, 1+i%250, f.servers[i%len(f.servers)].Port())
	}
	f.exporter, err = sandbox.StartService(ctx, sandbox.ServiceOptions{
		Program: sandbox.Program{Path: b.exporter},
		Ready:   "/-/ready",
		Arguments: func(address, dir string) []string {
			file := filepath.Join(dir, "dbsync.yml")
			if err := os.WriteFile(file, []byte(config.String()), 0o600); err != nil {
				panic(err) // the folder is ours and new
			}
			return append([]string{
				"--web.listen-address=" + address, "--log.level=error", "--web.max-requests=0", "--config.file=" + file,
			}, b.flags()...)
		},
	})
	return f, err
}

// scrapeFor scrapes each target on the interval, spread over it as Prometheus does.
func (f *fleet) scrapeFor(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var wg sync.WaitGroup
	for i, name := range f.names {
		wg.Go(func() {
			next := time.NewTimer(fleetInterval * time.Duration(i) / time.Duration(len(f.names)))
			defer next.Stop()
			for {
				select {
				case <-next.C:
					next.Reset(fleetInterval)
					f.scrape(context.WithoutCancel(ctx), name)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	wg.Wait()
}

// atOnce scrapes all targets at the same moment.
func (f *fleet) atOnce(ctx context.Context) *fleet {
	var wg sync.WaitGroup
	for _, name := range f.names {
		wg.Go(func() { f.scrape(ctx, name) })
	}
	wg.Wait()
	return f.take()
}

func (f *fleet) scrape(ctx context.Context, name string) {
	start := time.Now()
	err := f.probe(ctx, name)
	took := time.Since(start)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times = append(f.times, took)
	switch {
	case err == nil:
	case errors.Is(err, errPartly):
		f.partly = append(f.partly, err)
	default:
		f.missed = append(f.missed, fmt.Errorf("%s after %v: %w", name, took.Round(time.Millisecond), err))
	}
}

// errPartly is the error of a scrape in which a collector had failed, one of the
// background at its newest run perhaps.
var errPartly = errors.New("a collector failed")

func (f *fleet) probe(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.exporter.URL()+"/probe?target="+url.QueryEscape(name), nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", fmt.Sprint(scrapeTimeout.Seconds()))
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	// To parse a thousand answers would take more time than to give them.
	if !bytes.Contains(body, []byte("\nmysql_up 1\n")) {
		return errors.New("not up")
	}
	if failed := failedCollector.FindSubmatch(body); failed != nil {
		return fmt.Errorf("%w: %s", errPartly, failed[1])
	}
	return nil
}

var failedCollector = regexp.MustCompile(`\ndbsync_collector_success\{collector="([^"]+)"\} 0\n`)

// take returns what has been measured since the last time.
func (f *fleet) take() *fleet {
	f.mu.Lock()
	defer f.mu.Unlock()
	taken := &fleet{times: f.times, missed: f.missed, partly: f.partly}
	f.times, f.missed, f.partly = nil, nil, nil
	return taken
}

func (f *fleet) usage(ctx context.Context) (u usage, err error) {
	process, err := procfs.NewProc(f.exporter.PID())
	if err != nil {
		return u, err
	}
	stat, err := process.Stat()
	if err != nil {
		return u, err
	}
	files, err := process.FileDescriptorsLen()
	if err != nil {
		return u, err
	}
	families, err := scrapeFamilies(ctx, f.exporter)
	if err != nil {
		return u, err
	}
	u = usage{cpu: stat.CPUTime(), resident: float64(stat.ResidentMemory()), descriptors: float64(files)}
	for _, m := range families.of("go_goroutines") {
		u.goroutines = m.GetGauge().GetValue()
	}
	for _, server := range f.servers {
		var n float64
		row := server.Open().QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'monitor'")
		if err := row.Scan(&n); err != nil {
			return u, err
		}
		u.connections += n
	}
	return u, nil
}

func (f *fleet) stop() error {
	var errs []error
	f.client.CloseIdleConnections()
	if f.exporter != nil {
		errs = append(errs, f.exporter.Stop())
	}
	for _, server := range f.servers {
		errs = append(errs, server.Stop())
	}
	return errors.Join(errs...)
}
