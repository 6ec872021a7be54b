// SPDX-License-Identifier: Apache-2.0

//go:build unix

package golden_test

import (
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

var (
	soak    = flag.Duration("soak", 3*time.Second, "how long TestSoak runs")
	reloads = flag.Int("reloads", 1000, "how often TestManyReloads reloads")
)

// TestManyReloads: a thousand changed configurations during scrapes, every 50th of
// them with other connections, cost nothing that stays.
func TestManyReloads(t *testing.T) {
	server := testenv.SharedMySQL(t)
	company(t, server)
	a := documented(t, server)
	r := start(t, server, a, "collectors: {host: false}\n")
	leaks := r.leaks(server, a)
	stop := r.scrapeUntil(2)
	text := r.text.Load().(string)
	for i := range *reloads {
		changed := text + fmt.Sprintf("maintenance: [{start: \"2026-12-01T22:%02d:00+08:00\", duration: 2h}]\n", i%60)
		if i%50 == 0 {
			changed = strings.Replace(changed, "mysql:\n", fmt.Sprintf("mysql:\n  max_connections: %d\n", 1+i/50%2), 1)
		}
		r.text.Store(changed)
		select {
		case r.reloads <- struct{}{}:
		case <-time.After(time.Minute):
			t.Fatal("the exporter takes no reload")
		}
	}
	r.text.Store(text)
	r.reloads <- struct{}{}
	stop()
	if ok, known := r.mustScrape(10 * time.Second).value("dbsync_config_last_reload_successful"); ok != 1 || !known {
		t.Error("the last reload failed")
	}
	leaks()
}

// TestSoak scrapes, probes, reloads and breaks the network for a while (-soak 1h),
// after which nothing may have grown.
func TestSoak(t *testing.T) {
	server := testenv.SharedMySQL(t)
	company(t, server)
	a := documented(t, server)
	p := newProxy(t, server.Addr())
	r := startAt(t, p.address(), fmt.Sprintf("password: %q", a.password), a, "")
	leaks := r.leaks(server, a)
	stop := r.scrapeUntil(4)
	for end := time.Now().Add(*soak); time.Now().Before(end); {
		for _, c := range []struct {
			fault fault
			up    float64
		}{{slow, 1}, {closing, 0}, {garbage, 0}, {half, 0}, {nil, 1}} {
			p.set(c.fault)
			r.reloads <- struct{}{}
			r.become("what is true is shown", c.up, "unreachable", "server_error", "tls", "timeout")
		}
		p.cut()
	}
	stop()
	r.become("all is well", 1)
	leaks()
}

// scrapeUntil scrapes with some clients until stop; each scrape must be answered.
func (r *running) scrapeUntil(clients int) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if f, _, err := r.scrape("/metrics", 20*time.Second); err != nil {
					r.t.Error(err)
					return
				} else if _, known := f.value("mysql_up"); !known {
					r.t.Error("mysql_up is missing")
				}
			}
		})
	}
	return func() {
		close(done)
		wg.Wait()
	}
}
