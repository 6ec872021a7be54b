// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
)

// TestAllowListIsNotFooled: however this host is written, it is not dialled where
// another network is allowed. The names lead here as one does that an attacker has
// led elsewhere since it was looked at.
func TestAllowListIsNotFooled(t *testing.T) {
	dialled := make(chan struct{}, 100)
	_, port, _ := net.SplitHostPort(listen(t, dialled).Addr().String())
	text := fmt.Sprintf("mysql:\n  modules: {default: {user: a, tls: {mode: insecure}}}\n  probe_allow: [\"10.20.0.0/16:%s\", \"2001:db8::/32:%s\"]\n", port, port)
	r := start(t, text, func(o *Options, _ *running) {
		o.Connect = nil
		o.definitions = func(_ plan, server collector.Server, runs *job.Store) []collector.Definition {
			return fakeDefinitions(plan{}, server, runs)
		}
	})
	for _, host := range []string{
		"localhost", "LOCALHOST", "localhost.", "LocalHost.", "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001",
		"0x7f.1", "0177.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::1%25lo]", "[::1%lo]",
		"[fe80::1%lo]", "[64:ff9b::7f00:1]", "10.20.0.1@127.0.0.1", "127.0.0.1#10.20.0.1", "10.20.0.1\\@localhost", "127.0.0.1\x00.10.20.0.1", "\u2460\u2461\u2466.0.0.1",
	} {
		r.get("/probe?target=" + url.QueryEscape(host+":"+port))
		select {
		case <-dialled:
			t.Errorf("%q was dialled", host)
		default:
		}
	}
}

// TestReportsWriteNowhereElse: what a report is called leads to no file outside of
// the state folder.
func TestReportsWriteNowhereElse(t *testing.T) {
	r, state := startRuns(t)
	odd := []string{
		"../../x", "..", ".", "/etc/x", "a/../../x", `..\..\x`, "x\x00y", "%2e%2e%2fx", "~/x", "a/b", strings.Repeat("x", 300), "con", "-rf", "nightly ", "\u202e", ".hidden", "a\nb",
	}
	for _, name := range odd {
		for _, field := range []string{"task", "run_type", "id"} {
			r.do("POST", "/api/v1/runs", runJSON(map[string]any{field: name}), bearer)
		}
		r.do("DELETE", "/api/v1/runs?run_type="+url.QueryEscape(name)+"&task="+url.QueryEscape(name), "", bearer)
		r.do("PUT", "/api/v1/revisions/"+url.PathEscape(name), "{}", bearer)
	}
	if a := r.do("POST", "/api/v1/runs", runJSON(nil), bearer); a.code != 201 {
		t.Fatalf("a report that is in order: status %d: %s", a.code, a.body)
	}
	written := 0
	err := filepath.WalkDir(filepath.Dir(state), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() || filepath.Base(path) == "token":
		case strings.HasPrefix(path, state+string(filepath.Separator)) && entry.Type().IsRegular():
			written++
		default:
			t.Errorf("%s was written", path)
		}
		return nil
	})
	if err != nil || written == 0 {
		t.Errorf("%d files are in the state folder, %v", written, err)
	}
}

// TestClockJumps: a clock that is set, by years and both ways, takes no series away,
// closes no connection in use, and makes no duration negative.
func TestClockJumps(t *testing.T) {
	var offset atomic.Int64
	r := start(t, twoServers, func(o *Options, _ *running) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	})
	const year = 365 * 24 * time.Hour
	for _, jump := range []time.Duration{0, year, -year, 20 * year, time.Hour, -time.Second, -20 * year, 0} {
		offset.Store(int64(jump))
		for _, path := range []string{"/metrics", "/probe?target=crm", "/probe?target=10.20.0.1:3306"} {
			families := r.want(path, 200, "mysql_up 1").families(t)
			for _, m := range families["dbsync_collector_duration_seconds"].GetMetric() {
				if d := m.GetGauge().GetValue(); d < 0 || d > 60 {
					t.Errorf("after a jump by %v a collector took %v s", jump, d)
				}
			}
		}
		r.want("/", 200)
		r.want("/-/ready", 200)
		if a := r.reloadByHTTP(); a.code != 200 {
			t.Errorf("after a jump by %v: reload: %s", jump, a.body)
		}
	}
}
