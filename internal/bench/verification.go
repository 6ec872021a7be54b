// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// large is a backup that takes minutes to read.
type large struct {
	name, file string
	make       func(path string) error
}

// verifiedSize is the content of a large backup, in bytes.
const verifiedSize = 5 << 30

const (
	dumpBegins = "-- MySQL dump 10.13  Distrib 9.7.0\n"
	dumpEnds   = "\n-- Dump completed on 2026-11-24  2:07:30\n"
)

func largeBackups() []large {
	return []large{
		{"a plain dump (sparse)", "nightly.sql", sparseDump},
		{"a dump in gzip", "nightly.sql.gz", packedDump},
	}
}

func sparseDump(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.WriteString(dumpBegins)
	_, atEnd := f.WriteAt([]byte(dumpEnds), verifiedSize-int64(len(dumpEnds)))
	return errors.Join(err, atEnd, f.Close())
}

// packedDump has the same rows over and over, each time as a gzip of its own, as parallel compressors make them.
func packedDump(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	var member bytes.Buffer
	pack := func(text string) {
		member.Reset()
		w := gzip.NewWriter(&member)
		_, _ = w.Write([]byte(text))
		_ = w.Close() // into memory
	}
	put := func() {
		_, failed := f.Write(member.Bytes())
		err = errors.Join(err, failed)
	}
	random := make([]byte, 16<<20)
	_, _ = rand.Read(random)
	pack(dumpBegins)
	put()
	pack(hex.EncodeToString(random))
	for written := 0; written < verifiedSize && err == nil; written += 2 * len(random) {
		put()
	}
	pack(dumpEnds)
	put()
	return errors.Join(err, f.Close())
}

// verification compares a scrape of everything while a large backup is read with one while nothing is.
func (b *bench) verification(ctx context.Context, only string) error {
	program, err := sandbox.FindMariaDB() //nolint:contextcheck // asks for a version, at once
	if err != nil {
		return err
	}
	g, err := newGround(ctx, program)
	if err != nil {
		return err
	}
	defer func() { _ = g.remove() }()
	var table bytes.Buffer
	fmt.Fprintf(&table, "```text\nmariadb, everything, %d scrapes each\n\n", b.scrapes)
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "while is read\tp50, ms\tp99, ms\tallocations per scrape\tresident memory, MiB\tread, MiB/s\t\n")
	row := func(name string, m *reading) {
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.0f\t%.1f\t%.1f\t\n", name, m.quantile(0.5), m.quantile(0.99), m.mallocs, m.resident/(1<<20), m.rate/(1<<20))
	}
	for _, one := range largeBackups() {
		if only != "" && only != one.file {
			continue
		}
		if err := one.make(filepath.Join(g.dir, one.file)); err != nil {
			return err
		}
		idle, busy, err := b.beside(ctx, g, one)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		row("nothing", idle)
		row(one.name, busy)
		fmt.Fprintf(w, "ratio\t%.2f\t%.2f\t%.2f\t%.2f\t\t\n", busy.quantile(0.5)/idle.quantile(0.5),
			busy.quantile(0.99)/idle.quantile(0.99), busy.mallocs/idle.mallocs, busy.resident/idle.resident)
		if err := os.Remove(filepath.Join(g.dir, one.file)); err != nil {
			return err
		}
	}
	_ = w.Flush()
	table.WriteString("```\n")
	fmt.Fprint(b.out, table.String())
	if only != "" {
		return nil
	}
	return b.document("scrape while verifying", table.String())
}

// reading is a measurement while something is read, and how fast it was.
type reading struct {
	measurement
	rate float64 // bytes per second
}

// beside measures in turns, each time with a new exporter, so that a change of the machine's speed meets both.
func (b *bench) beside(ctx context.Context, g *ground, one large) (idle, busy *reading, err error) {
	const rounds = 4
	idle, busy = &reading{}, &reading{}
	for range rounds {
		for _, m := range []struct {
			sum  *reading
			file string
		}{{idle, "none*"}, {busy, one.file}} {
			r, err := b.whileReading(ctx, g, m.file, b.scrapes/rounds, m.sum == busy)
			if err != nil {
				return nil, nil, err
			}
			m.sum.times = append(m.sum.times, r.times...)
			m.sum.mallocs += r.mallocs / rounds
			m.sum.rate += r.rate / rounds
			m.sum.resident = max(m.sum.resident, r.resident)
		}
	}
	slices.Sort(idle.times)
	slices.Sort(busy.times)
	return idle, busy, nil
}

// whileReading measures scrapes while the backup is read, from before the first to after the last of them.
func (b *bench) whileReading(ctx context.Context, g *ground, file string, scrapes int, reads bool) (r *reading, err error) {
	// What is no longer than a minute old may still grow, and is not read.
	old := time.Now().Add(-time.Hour)
	if reads {
		if err := os.Chtimes(filepath.Join(g.dir, file), old, old); err != nil {
			return nil, err
		}
	}
	config := fmt.Sprintf("backups:\n  - {name: nightly, method: mysqldump, path: %q, verify: {level: stream, interval: 24h}}\n", filepath.Join(g.dir, file))
	service, err := startDBSync(ctx, b.exporter, g.account, config, b.flags()...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, service.Stop()) }()
	progress := func(m metrics) float64 {
		if found := m.of("dbsync_backup_verify_progress_ratio"); len(found) > 0 {
			return found[0].GetGauge().GetValue()
		}
		return 0
	}
	before, err := settled(ctx, service, func(m metrics) bool { return !reads || progress(m) > 0 })
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	r, err = spaced(ctx, ours(service, ""), scrapes)
	if err != nil {
		return nil, err
	}
	after, err := scrapeFamilies(ctx, service)
	if err != nil {
		return nil, err
	}
	from, to := progress(before), progress(after)
	if reads && to <= from {
		return nil, fmt.Errorf("it was not read all the while: progress %v, then %v", from, to)
	}
	if reads {
		info, err := os.Stat(filepath.Join(g.dir, file))
		if err != nil {
			return nil, err
		}
		r.rate = (to - from) * float64(info.Size()) / time.Since(begin).Seconds()
	}
	return r, nil
}

// spaced measures scrapes with pauses between them, in which the reading goes on as between those of Prometheus.
func spaced(ctx context.Context, c contestant, scrapes int) (*reading, error) {
	r := &reading{}
	before, err := c.mallocs(ctx)
	if err != nil {
		return nil, err
	}
	for range scrapes {
		time.Sleep(time.Duration(50+mathrand.IntN(100)) * time.Millisecond)
		took, _, err := c.scrape(ctx)
		if err != nil {
			return nil, err
		}
		r.times = append(r.times, took)
	}
	after, err := c.mallocs(ctx)
	if err != nil {
		return nil, err
	}
	r.mallocs = (after - before) / float64(scrapes)
	r.resident, _, err = c.memory()
	return r, err
}
