// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"strconv"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

var (
	galeraInfo = &collector.Family{
		Name: "mysql_galera_status_info", Source: statusStatement, On: onGalera,
		Labels: []string{"wsrep_local_state_uuid", "wsrep_cluster_state_uuid", "wsrep_provider_version"},
		Help:   "1 for the state that the member and its cluster have, and the version of the library.",
	}
	galeraLatency = []*collector.Family{
		latencyFamily("min_seconds", "Shortest"), latencyFamily("avg_seconds", "Mean"), latencyFamily("max_seconds", "Longest"),
		latencyFamily("stdev", "Standard deviation of the"), latencyFamily("sample_size", "Number of samples of the"),
	}
)

func latencyFamily(name, which string) *collector.Family {
	return &collector.Family{
		Name: "mysql_galera_evs_repl_latency_" + name, Source: statusStatement, On: onGalera,
		Help: which + " time to replicate a message to the cluster's members.",
	}
}

func galeraFamilies() []*collector.Family {
	return append([]*collector.Family{galeraInfo}, galeraLatency...)
}

// galera gathers what a member of a cluster says, which is given when the server
// turns out to be one.
type galera struct {
	values                            []galeraValue
	provider, version                 string
	localState, clusterState, latency string
}

type galeraValue struct {
	place place
	value float64
}

// take keeps the variable if it is a cluster's.
func (g *galera) take(p place, text []byte, value float64, numeric bool) bool {
	switch p.name {
	case "wsrep_provider_name":
		g.provider = string(text)
	case "wsrep_provider_version":
		g.version = string(text)
	case "wsrep_local_state_uuid":
		g.localState = string(text)
	case "wsrep_cluster_state_uuid":
		g.clusterState = string(text)
	case "wsrep_evs_repl_latency":
		g.latency = string(text)
	}
	if p.galera && numeric {
		g.values = append(g.values, galeraValue{p, value})
	}
	return p.galera
}

func (g *galera) emit(out *collector.Sink) {
	if g.provider == "" {
		return
	}
	for _, v := range g.values {
		emit(out, v.place, v.value)
	}
	if g.localState != "" {
		out.Emit(galeraInfo, 1, g.localState, g.clusterState, g.version)
	}
	for i, value := range parseLatency(g.latency) {
		out.Emit(galeraLatency[i], value)
	}
}

// parseLatency reads "min/avg/max/stddev/samples". It returns nil for anything
// else.
func parseLatency(text string) []float64 {
	parts := strings.Split(text, "/")
	if len(parts) != len(galeraLatency) {
		return nil
	}
	values := make([]float64, len(parts))
	for i, part := range parts {
		value, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return nil
		}
		values[i] = value
	}
	return values
}
