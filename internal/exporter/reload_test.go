// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

func (r *running) reloadByHTTP() answer { return r.do(http.MethodPost, "/-/reload", "", nil) }

func TestBrokenConfigurationChangesNothing(t *testing.T) {
	r := start(t, oneServer, nil)
	r.write("mysql: {targes: []}")
	if a := r.reloadByHTTP(); a.code != 500 || !strings.Contains(a.body, `dbsync.yml:1: mysql.targes: unknown key: did you mean "targets"?`) {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	r.want("/metrics", 200, "dbsync_config_last_reload_successful 0", "mysql_up 1")
	r.write(oneServer)
	if a := r.reloadByHTTP(); a.code != 200 {
		t.Errorf("status %d: %s", a.code, a.body)
	}
	r.want("/metrics", 200, "dbsync_config_last_reload_successful 1", "mysql_up 1")
	if got := len(r.connected()); got != 1 {
		t.Errorf("%d servers for a target that never changed", got)
	}
}

// A switch of what only one target has does not disturb the others.
func TestSwitchesOfTheDefaultTargetAlone(t *testing.T) {
	r := start(t, twoServers+"collectors: {host: false, mysql.sizes: false}\n", nil)
	for path, want := range map[string][]string{
		"/metrics": {"exporter", "maintenance", "mysql.status"}, "/probe?target=crm": {"maintenance", "mysql.status"},
	} {
		if got := seen(r.want(path, 200).families(t)); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

func TestReloadByHTTPIsGuarded(t *testing.T) {
	r := start(t, oneServer, nil)
	if a := r.want("/-/reload", 405); a.header.Get("Allow") == "" {
		t.Error("no Allow header")
	}
	r = start(t, oneServer, func(o *Options, _ *running) { o.EnableLifecycle = false })
	if a := r.reloadByHTTP(); a.code != 403 || !strings.Contains(a.body, "--web.enable-lifecycle") {
		t.Errorf("status %d: %s", a.code, a.body)
	}
}

func TestReloadBySignalTakesTheChangesOnly(t *testing.T) {
	r := start(t, twoServers, nil)
	r.want("/metrics", 200)
	r.write(strings.Replace(twoServers, "3307", "3308", 1))
	r.reloads <- struct{}{}
	r.eventually("the changed target is replaced", func() bool { return len(r.connected()) == 3 })
	erp, crm, again := r.connected()[0], r.connected()[1], r.connected()[2]
	r.eventually("its old connections are closed", func() bool { closed, _ := crm.state(); return closed })
	if closed, _ := erp.state(); closed || again.options.Address != "127.0.0.1:3308" {
		t.Errorf("unchanged target closed: %v; new address %s", closed, again.options.Address)
	}
	r.write(oneServer)
	r.reloads <- struct{}{}
	r.eventually("a removed target is gone", func() bool { return r.get("/probe?target=crm").code == 400 })
}

// The snapshot of a background collector survives the change of its target.
func TestReloadMakesNoGap(t *testing.T) {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	r := start(t, oneServer, func(o *Options, _ *running) {
		o.definitions = func(plan, collector.Server, *job.Store) []collector.Definition {
			return []collector.Definition{{
				Name: "slow", Help: "Test.", Cost: "Nothing.", Default: true, Every: time.Hour, Families: []*collector.Family{fakeSnapshot},
				New: func(*collector.Target) collector.Collector { return collectOnce(first) },
			}}
		}
	})
	r.eventually("the first snapshot", func() bool { return strings.Contains(r.get("/metrics").body, "test_snapshot 1") })
	r.write(strings.Replace(oneServer, "3306", "3307", 1))
	if a := r.reloadByHTTP(); a.code != 200 {
		t.Fatal(a.body)
	}
	r.want("/metrics", 200, "test_snapshot 1")
}

func TestReloadsDuringScrapesLoseNothing(t *testing.T) {
	r := start(t, twoServers, nil)
	var scrapes, reloads sync.WaitGroup
	done := make(chan struct{})
	for _, path := range []string{"/metrics", "/probe?target=erp", "/probe?target=10.20.0.1:3306", "/", "/config"} {
		for range 2 {
			scrapes.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						if a := r.get(path); a.code != 200 {
							t.Errorf("%s: status %d: %s", path, a.code, a.body)
							return
						}
					}
				}
			})
		}
	}
	for worker := range 2 {
		reloads.Go(func() {
			for i := range 15 {
				r.write(strings.Replace(twoServers, "3306", fmt.Sprint(3400+worker*100+i), 1))
				if a := r.reloadByHTTP(); a.code != 200 {
					t.Errorf("reload: status %d: %s", a.code, a.body)
				}
			}
		})
	}
	reloads.Wait()
	close(done)
	scrapes.Wait()
}

// A scrape in progress keeps the connections that it uses.
func TestReplacedTargetIsClosedAfterItsLastScrape(t *testing.T) {
	release := make(chan struct{})
	r := start(t, oneServer, func(_ *Options, r *running) {
		r.prepare = func(s *fakeServer) {
			if s.options.Address == "127.0.0.1:3306" {
				s.block = release
			}
		}
	})
	var wg sync.WaitGroup
	wg.Go(func() { r.want("/metrics", 200, "mysql_up 1") })
	old := r.current.Load().main()
	r.eventually("the scrape has begun", func() bool { return !old.idle() })
	r.write(strings.Replace(oneServer, "3306", "3307", 1))
	if a := r.reloadByHTTP(); a.code != 200 {
		t.Fatal(a.body)
	}
	r.want("/metrics", 200, "mysql_up 1")
	if closed, _ := r.connected()[0].state(); closed {
		t.Error("closed under a scrape")
	}
	close(release)
	wg.Wait()
	r.eventually("it is closed afterwards", func() bool { closed, _ := r.connected()[0].state(); return closed })
}
