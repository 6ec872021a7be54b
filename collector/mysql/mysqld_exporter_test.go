// SPDX-License-Identifier: Apache-2.0

package mysql

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// differs lists where we deliberately do not do as mysqld_exporter does.
var differs = map[string]string{
	"mysql_global_status_max_used_connections_time": "a time in the server's zone, which mysqld_exporter reads as UTC",
	"mysql_galera_variables_info":                   "MariaDB names a cluster that it is no member of",
}

// differ tells why one exporter has the family and the other has not, or "".
func differ(name string) string {
	if strings.HasPrefix(name, statusPrefix+"wsrep_") && strings.Contains(galeraNames(), strings.TrimPrefix(name, statusPrefix)+" ") {
		return "state of a cluster that the server is no member of"
	}
	return differs[name]
}

func galeraNames() string {
	var names strings.Builder
	for _, v := range galeraVariables {
		names.WriteString(v.name + " ")
	}
	return names.String()
}

// TestEqualsMysqldExporter compares what both exporters say about one server.
func TestEqualsMysqldExporter(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		theirs := scrapeMysqldExporter(t, server, "global_status", "global_variables")
		ours := scrape(t, server, connection(), status(), statusAll(), variables())
		for name, family := range theirs {
			switch own, shared := ours[name]; {
			case shared:
				compareFamily(t, own, family)
			case strings.HasPrefix(name, variablesPrefix):
				// Ours are a choice.
			case strings.HasPrefix(name, "mysql_exporter_"), !strings.HasPrefix(name, "mysql_"):
				// About mysqld_exporter itself.
			case differ(name) == "":
				t.Errorf("%s is mysqld_exporter's and not ours", name)
			}
		}
		for _, name := range ours.names("mysql_") {
			if theirs[name] == nil && !oursAlone(name) {
				t.Errorf("%s has mysqld_exporter's prefix and is not its", name)
			}
		}
	})
}

// oursAlone lists what mysqld_exporter leaves out or mistakes for something else.
func oursAlone(name string) bool {
	return slices.Contains([]string{
		statusPrefix + "innodb_buffer_pool_pages_total",                        // it drops it
		statusPrefix + "performance_schema_session_connect_attrs_longest_seen", // it calls it a loss
	}, name)
}

// compareFamily compares type and series, and the values of what does not change
// by itself.
func compareFamily(t *testing.T, ours, theirs *dto.MetricFamily) {
	t.Helper()
	name := ours.GetName()
	if ours.GetType() != theirs.GetType() {
		t.Errorf("%s is a %v, of mysqld_exporter a %v", name, ours.GetType(), theirs.GetType())
	}
	mine, other := seriesOf(ours), seriesOf(theirs)
	delete(other, `{instrumentation="session_connect_attrs_longest_seen"}`)
	for labels := range other {
		if _, ok := mine[labels]; !ok {
			t.Errorf("%s%s is mysqld_exporter's and not ours", name, labels)
		}
	}
	for labels, value := range mine {
		their, ok := other[labels]
		if !ok {
			t.Errorf("%s%s is not mysqld_exporter's", name, labels)
		}
		if !strings.HasPrefix(name, statusPrefix) && value != their {
			t.Errorf("%s%s = %v, mysqld_exporter says %v", name, labels, value, their)
		}
	}
}

func seriesOf(f *dto.MetricFamily) map[string]float64 {
	series := map[string]float64{}
	for _, m := range f.GetMetric() {
		slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
		series[labelText(m)] = number(m)
	}
	return series
}

// scrapeMysqldExporter runs mysqld_exporter against the server and returns what
// the given collectors of it say, which it has switched off in part.
func scrapeMysqldExporter(t *testing.T, server *testenv.Server, collectors ...string) families {
	t.Helper()
	privileges := "PROCESS, REPLICATION CLIENT"
	if flavour(server) == collector.MariaDB {
		privileges += ", SLAVE MONITOR"
	}
	account := server.Grant(t, "incumbent",
		"GRANT "+privileges+" ON *.* TO {user}", "GRANT SELECT ON performance_schema.* TO {user}")
	var flags []string
	for _, name := range collectors {
		flags = append(flags, "--collect."+name)
	}
	exporter := testenv.Service(t, sandbox.ServiceOptions{
		Program: testenv.Tool(t, sandbox.New, "prometheus-mysqld-exporter"),
		Ready:   "/",
		Flags:   flags,
		Arguments: func(address, dir string) []string {
			file := filepath.Join(dir, "my.cnf")
			config := fmt.Sprintf("[client]\nuser=%s\npassword=%s\nhost=127.0.0.1\nport=%d\n", account.Name, account.Password, server.Port())
			if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
				t.Error(err)
			}
			return []string{"--web.listen-address=" + address, "--config.my-cnf=" + file, "--log.level=error"}
		},
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		exporter.URL()+"/metrics?collect[]="+strings.Join(collectors, "&collect[]="), nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	got, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
