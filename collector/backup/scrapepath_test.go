// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// counted is a store that counts whatever is asked of it.
type counted struct {
	store
	calls atomic.Int64
}

func (c *counted) glob(ctx context.Context, pattern string) ([]file, error) {
	c.calls.Add(1)
	return c.store.glob(ctx, pattern)
}

func (c *counted) tree(ctx context.Context, dir string) ([]file, error) {
	c.calls.Add(1)
	return c.store.tree(ctx, dir)
}

func (c *counted) open(ctx context.Context, path string) (content, error) {
	c.calls.Add(1)
	return c.store.open(ctx, path)
}

func (c *counted) space(ctx context.Context, pattern string) space {
	c.calls.Add(1)
	return c.store.space(ctx, pattern)
}

// TestTenThousandBackupsCostNothingOnTheScrape looks at ten and at ten thousand of them, and then scrapes: no file is
// touched, and not one allocation more is made.
func TestTenThousandBackupsCostNothingOnTheScrape(t *testing.T) {
	scrapes := func(n int) float64 {
		dir := t.TempDir()
		for i := range n {
			write(t, fmt.Sprintf("%s/%05d.sql", dir, i), []byte(plainDump), time.Duration(i)*time.Minute)
		}
		target := testEnv(new(clock)).target
		ws := newWatches(Options{Backups: []Backup{{Name: "nightly", Method: "mysqldump", Path: dir + "/*", Trailer: true}}}, target)
		w := ws.all[0]
		from := w.source.(*fileSource)
		store := &counted{store: from.store}
		from.store = store
		w.look(t.Context())
		close(w.first)
		d := Definition(Options{})
		d.New = func(*collector.Target) collector.Collector { return ws }
		s, err := collector.NewScraper(target, []collector.Definition{d})
		if err != nil {
			t.Fatal(err)
		}
		before := store.calls.Load()
		retained := 0.0
		allocations := testing.AllocsPerRun(50, func() {
			for _, family := range s.Scrape(t.Context()) {
				if family.GetName() == "dbsync_backup_retained" {
					retained = family.Metric[0].GetGauge().GetValue()
				}
			}
		})
		if retained != float64(n) || before < int64(n) {
			t.Fatal(errors.New("it was not looked at"), retained, before)
		}
		if after := store.calls.Load(); after != before {
			t.Errorf("%d backups: scrapes have touched the file system %d times", n, after-before)
		}
		return allocations
	}
	few, many := scrapes(10), scrapes(10_000)
	t.Logf("%v allocations with 10 backups, %v with 10 000", few, many)
	if many > few*1.1 { // dozens of series more or less, not thousands
		t.Errorf("%v allocations with 10 backups, %v with 10 000", few, many)
	}
}
