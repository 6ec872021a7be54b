// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/stack"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const patience = 2 * time.Minute

// start runs a stack with its events in the test's log.
func start(t *testing.T, options stack.Options) *stack.Stack {
	t.Helper()
	_, err := stack.FindPrograms(options.Programs, options.Server == nil)
	testenv.Require(t, options.Programs.Prometheus, err)
	options.FreePorts, options.Pace = true, 0.01
	options.Values = func(v *render.Values) {
		v.Prometheus.ScrapeInterval, v.Prometheus.EvaluationInterval = model.Duration(time.Second), model.Duration(time.Second)
		v.Rules.Scale = 0.1
	}
	observe := options.Observe
	options.Observe = func(e stack.Event) {
		t.Logf("%s %s: %s", e.At.Format(time.TimeOnly), e.Source, e.Text)
		if observe != nil {
			observe(e)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := stack.Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestEveryFaultIsToldAndHealed breaks everything that can be broken: first what leaves the server alone, together, then
// the server.
func TestEveryFaultIsToldAndHealed(t *testing.T) {
	s := start(t, stack.Options{})
	var possible, server []stack.FaultState
	for _, fault := range s.Faults() {
		switch {
		case fault.Unavailable != "":
			t.Logf("NOT TESTED: %s: %s", fault.Name, fault.Unavailable)
		case fault.Name == "server":
			server = append(server, fault)
		default:
			possible = append(possible, fault)
		}
	}
	for _, round := range [][]stack.FaultState{possible, server} {
		for _, fault := range round {
			if err := s.Break(t.Context(), fault.Name); err != nil {
				t.Fatal(err)
			}
		}
		awaitTold(t, s, round, false)
		if err := s.Heal(t.Context()); err != nil {
			t.Fatal(err)
		}
		awaitTold(t, s, round, true)
	}
}

// awaitTold waits until somebody was told of every alert of the faults.
func awaitTold(t *testing.T, s *stack.Stack, faults []stack.FaultState, over bool) {
	t.Helper()
	for _, fault := range faults {
		for _, alert := range fault.Alerts {
			testenv.Eventually(t, patience, fmt.Sprintf("%s told, over %v", alert, over), func() error {
				delivered := s.State(t.Context()).Delivered
				for _, d := range delivered {
					if d.Alert == alert && d.Over() == over && d.HasDelay {
						return nil
					}
				}
				return fmt.Errorf("came: %v", delivered)
			})
		}
	}
}

func TestStopLeavesNothing(t *testing.T) {
	s := start(t, stack.Options{})
	dir, addresses := s.Dir(), []string{s.ExporterURL(), s.PrometheusURL(), s.AlertmanagerURL(), s.Hook().URL()}
	if err := s.Break(t.Context(), "connections"); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", dir, err)
	}
	for _, address := range addresses {
		if conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://")); err == nil {
			t.Errorf("%s still answers", address)
			_ = conn.Close()
		}
	}
}

// TestTheUsersServerIsOnlyRead watches a server that is not ours with an account that may hardly anything.
func TestTheUsersServerIsOnlyRead(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		account := server.Grant(t, "watcher", "GRANT PROCESS ON *.* TO {user}")
		const schemas = "SELECT GROUP_CONCAT(schema_name ORDER BY schema_name) FROM information_schema.schemata"
		before := testenv.Value[string](t, server, schemas)
		s := start(t, stack.Options{Server: account.Config()})
		testenv.Eventually(t, patience, "the server is up", func() error {
			return exports(t, s, "\nmysql_up 1\n")
		})
		for _, fault := range s.Faults() {
			if err := s.Break(t.Context(), fault.Name); err == nil || fault.Unavailable == "" {
				t.Errorf("%s can be broken on a server that is not ours", fault.Name)
			}
		}
		if after := testenv.Value[string](t, server, schemas); after != before {
			t.Errorf("schemas were %s, are %s", before, after)
		}
	})
}

// exports fails unless the exporter's metrics hold the text.
func exports(t *testing.T, s *stack.Stack, text string) error {
	t.Helper()
	response, err := http.Get(s.ExporterURL() + "/metrics")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	body, err := io.ReadAll(response.Body)
	if err == nil && !strings.Contains(string(body), text) {
		err = fmt.Errorf("the metrics lack %q", text)
	}
	return err
}

func TestGrafanaThatFailsStopsNothing(t *testing.T) {
	home := t.TempDir()
	program := filepath.Join(home, "bin/grafana")
	for path, text := range map[string]string{
		filepath.Join(home, "conf/defaults.ini"): "",
		program:                                  "#!/bin/sh\necho \"$@\" >&2\nexit 1\n",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var said string
	s := start(t, stack.Options{
		Programs: stack.Programs{Grafana: sandbox.Program{Path: program}},
		Observe: func(e stack.Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.Source == "grafana" {
				said = e.Text
			}
		},
	})
	testenv.Eventually(t, patience, "the failure is told", func() error {
		mu.Lock()
		defer mu.Unlock()
		if !strings.Contains(said, "does not start") || !strings.Contains(said, "server --homepath "+home) {
			return fmt.Errorf("said %q", said)
		}
		return nil
	})
	for path, want := range map[string]string{
		"provisioning/datasources/dbsync.yml": "url: " + s.PrometheusURL(),
		"provisioning/dashboards/dbsync.yml":  "path: " + filepath.Join(s.Dir(), "grafana/dashboards"),
		"dashboards/dbsync-overview.json":     "",
		"grafana.ini":                         "http_addr = 127.0.0.1",
	} {
		text, err := os.ReadFile(filepath.Join(s.Dir(), "grafana", path))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q (%v):\n%s", path, want, err, text)
		}
	}
}
