// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"slices"
	"testing"

	"github.com/easy-erp/dbsync/collector"
)

// member is what a synced member of a cluster says, in the order of the server.
func member(changes ...string) []string {
	lines := []string{
		"Uptime", "77",
		"wsrep_local_state_uuid", "6c9f-a", "wsrep_local_state", "4", "wsrep_local_recv_queue", "3", "wsrep_flow_control_paused", "0.25",
		"wsrep_cluster_size", "3", "wsrep_cluster_state_uuid", "6c9f-a", "wsrep_cluster_status", "Primary", "wsrep_connected", "ON",
		"wsrep_evs_repl_latency", "0.000222/0.000301/0.000505/0.000100/7",
		"wsrep_provider_name", "Galera", "wsrep_provider_version", "26.4.18(r7)", "wsrep_ready", "ON",
	}
	for i := 0; i < len(changes); i += 2 {
		lines[slices.Index(lines, changes[i])+1] = changes[i+1]
	}
	return lines
}

func TestGaleraMember(t *testing.T) {
	got := scrapeOver(t, newFake(t, collector.MariaDB, "10.11.19", listing(statusStatement, member()...)), status())
	for name, want := range map[string]float64{
		"mysql_global_status_wsrep_local_state": 4, "mysql_global_status_wsrep_local_recv_queue": 3,
		"mysql_global_status_wsrep_flow_control_paused": 0.25, "mysql_global_status_wsrep_cluster_size": 3,
		"mysql_global_status_wsrep_cluster_status": 1, "mysql_global_status_wsrep_connected": 1, "mysql_global_status_wsrep_ready": 1,
		"mysql_galera_evs_repl_latency_min_seconds": 0.000222, "mysql_galera_evs_repl_latency_avg_seconds": 0.000301,
		"mysql_galera_evs_repl_latency_max_seconds": 0.000505, "mysql_galera_evs_repl_latency_stdev": 0.0001,
		"mysql_galera_evs_repl_latency_sample_size": 7,
	} {
		got.want(t, want, name)
	}
	got.want(t, 1, "mysql_galera_status_info", "wsrep_local_state_uuid", "6c9f-a", "wsrep_cluster_state_uuid", "6c9f-a",
		"wsrep_provider_version", "26.4.18(r7)")
}

// A member that was cut off must show, and show as not ready.
func TestGaleraMemberCutOff(t *testing.T) {
	answer := listing(statusStatement, member("wsrep_ready", "OFF", "wsrep_cluster_status", "non-Primary", "wsrep_connected", "OFF",
		"wsrep_evs_repl_latency", "0/0/x/0/0")...)
	got := scrapeOver(t, newFake(t, collector.MariaDB, "10.11.19", answer), status())
	got.want(t, 0, "mysql_global_status_wsrep_ready")
	got.want(t, 0, "mysql_global_status_wsrep_cluster_status")
	if names := got.names("mysql_galera_evs_repl_latency_"); len(names) > 0 {
		t.Errorf("of a latency that cannot be read: %v", names)
	}
}

// A server that is built with Galera and no member of a cluster says "not ready",
// which would fire every cluster's alert.
func TestGaleraNoMember(t *testing.T) {
	answer := listing(statusStatement, member("wsrep_provider_name", "", "wsrep_ready", "OFF", "wsrep_cluster_status", "Disconnected")...)
	got := scrapeOver(t, newFake(t, collector.MariaDB, "10.11.19", answer), status(), statusAll())
	got.want(t, 77, "mysql_global_status_uptime")
	if names := append(got.names(statusPrefix+"wsrep_"), got.names("mysql_galera_")...); len(names) > 0 {
		t.Errorf("of no cluster: %v", names)
	}
}

func TestGaleraSettings(t *testing.T) {
	settings := func(on string) *fake {
		return newFake(t, collector.MariaDB, "10.11.19", listing(variablesStatement, "wsrep_on", on, "wsrep_desync", "ON",
			"wsrep_cluster_name", "erp", "wsrep_provider_options", "base_port = 4567; gcache.page_size = 16M; gcache.size = 256M; gmcast.segment = 0;"))
	}
	got := scrapeOver(t, settings("ON"), variables())
	got.want(t, 1, "mysql_global_variables_wsrep_desync")
	got.want(t, 1, "mysql_galera_variables_info", "wsrep_cluster_name", "erp")
	got.want(t, 256<<20, "mysql_galera_gcache_size_bytes")
	got = scrapeOver(t, settings("OFF"), variables())
	got.wantNone(t, "mysql_galera_variables_info")
	got.wantNone(t, "mysql_galera_gcache_size_bytes")
}

func TestCacheSize(t *testing.T) {
	for options, want := range map[string]float64{
		"gcache.size=1": 1, "a = b; gcache.size = 128K ;": 128 << 10, "gcache.size = 2g": 2 << 30, "gcache.size = 1T": 1 << 40,
	} {
		if got, ok := cacheSize(options); !ok || got != want {
			t.Errorf("%q = %v %t, want %v", options, got, ok, want)
		}
	}
	for _, options := range []string{"", "gcache.size", "gcache.size = ", "gcache.size = MM", "gcache.size = -1M", "xgcache.size = 1"} {
		if got, ok := cacheSize(options); ok {
			t.Errorf("%q = %v, want none", options, got)
		}
	}
}
