// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"context"
	"database/sql"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

const (
	variablesStatement = "SHOW GLOBAL VARIABLES"
	variablesPrefix    = "mysql_global_variables_"
)

var (
	transactionIsolation = &collector.Family{
		Name: "mysql_transaction_isolation", Source: variablesStatement, Labels: []string{"level"},
		Help: "1 for the isolation level that sessions begin with.",
	}
	galeraClusterInfo = &collector.Family{
		Name: "mysql_galera_variables_info", Source: variablesStatement, On: onGalera, Labels: []string{"wsrep_cluster_name"},
		Help: "1 for the name of the cluster.",
	}
	galeraCacheSize = &collector.Family{
		Name: "mysql_galera_gcache_size_bytes", Source: variablesStatement, On: onGalera,
		Help: "Size of the cache of write sets, from which a member that was away for a while is served.",
	}
)

func variables() collector.Definition {
	families := familiesOf(systemVariables, variablesPrefix, variablesStatement, collector.Gauge)
	return collector.Definition{
		Name:     "mysql.variables",
		Help:     "Settings of the server: limits, durability, replication and memory. Never a text, so never a secret.",
		Default:  true,
		Needs:    collector.Needs{Server: true},
		Cost:     "SHOW GLOBAL VARIABLES.",
		Every:    time.Minute,
		Deadline: 30 * time.Second,
		Families: append(inOrder(systemVariables, families), transactionIsolation, galeraClusterInfo, galeraCacheSize),
		New: func(t *collector.Target) collector.Collector {
			return collector.Func(func(ctx context.Context, out *collector.Sink) error {
				return collectVariables(ctx, t.Server, families, out)
			})
		},
	}
}

func collectVariables(
	ctx context.Context, server collector.Server, families map[string]*collector.Family, out *collector.Sink,
) error {
	texts := map[string]string{}
	var name string
	var value sql.RawBytes
	err := server.Query(ctx, func(row collector.Row) error {
		if err := row.Scan(&name, &value); err != nil {
			return err
		}
		name = strings.ToLower(name)
		if family := families[name]; family != nil {
			if number, ok := parseValue(value); ok {
				out.Emit(family, number)
			}
		}
		switch name {
		case "transaction_isolation", "tx_isolation", "wsrep_on", "wsrep_cluster_name", "wsrep_provider_options":
			texts[name] = string(value)
		}
		return nil
	}, variablesStatement)
	if err != nil {
		return err
	}
	emitTexts(texts, out)
	return nil
}

func emitTexts(texts map[string]string, out *collector.Sink) {
	for _, name := range []string{"transaction_isolation", "tx_isolation"} { // the second is the older name
		if level := texts[name]; level != "" {
			out.Emit(transactionIsolation, 1, level)
			break
		}
	}
	if on, ok := parseValue([]byte(texts["wsrep_on"])); !ok || on == 0 {
		return
	}
	out.Emit(galeraClusterInfo, 1, texts["wsrep_cluster_name"])
	if size, ok := cacheSize(texts["wsrep_provider_options"]); ok {
		out.Emit(galeraCacheSize, size)
	}
}

// cacheSize reads gcache.size from "name = value; name = value; ...".
func cacheSize(options string) (float64, bool) {
	for option := range strings.SplitSeq(options, ";") {
		name, value, _ := strings.Cut(option, "=")
		if strings.TrimSpace(name) != "gcache.size" {
			continue
		}
		return parseSize(strings.TrimSpace(value))
	}
	return 0, false
}

// parseSize reads a number of bytes with an optional unit: 128M.
func parseSize(text string) (float64, bool) {
	digits := strings.TrimRight(text, "KMGTkmgt")
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, false
	}
	switch unit := text[len(digits):]; strings.ToUpper(unit) {
	case "":
		return float64(number), true
	case "K", "M", "G", "T":
		power := strings.Index("KMGT", strings.ToUpper(unit)) + 1
		return float64(number) * math.Pow(1024, float64(power)), true
	}
	return 0, false
}
