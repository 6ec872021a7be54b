// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/stack"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// The waits of rules and routes, as parts of the shipped ones: a level after five minutes comes after three seconds.
const (
	pace           = 0.01
	scrapeInterval = model.Duration(time.Second)
	ruleScale      = 0.1 // an evaluation per second
)

// patience bounds every wait; it is far from what is usual, because the machine may be busy.
const patience = 90 * time.Second

// installation is a combination of servers.
type installation struct {
	name       string
	monitoring sandbox.Edition
	database   func() (sandbox.Program, error)
	dump       func() (sandbox.Program, error)
}

func mariadbDump() (sandbox.Program, error) {
	return sandbox.Find(sandbox.Old, "mysqldump", "mariadb-dump")
}
func mysqlDump() (sandbox.Program, error) { return sandbox.Find(sandbox.New, "mysqldump") }

// installations are Debian 12's Prometheus and Alertmanager with its MariaDB, and the newest ones with MySQL. With
// DBSYNC_E2E=full each monitoring meets each database.
func installations() []installation {
	all := []installation{
		{"debian12-mariadb", sandbox.Old, sandbox.FindMariaDB, mariadbDump},
		{"newest-mysql", sandbox.New, sandbox.FindMySQL, mysqlDump},
	}
	if os.Getenv("DBSYNC_E2E") == "full" {
		all = append(all,
			installation{"debian12-mysql", sandbox.Old, sandbox.FindMySQL, mysqlDump},
			installation{"newest-mariadb", sandbox.New, sandbox.FindMariaDB, mariadbDump},
		)
	}
	return all
}

// everywhere runs a test on each installation.
func everywhere(t *testing.T, test func(*testing.T, system)) {
	t.Helper()
	for _, one := range installations() {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			test(t, one.start(t))
		})
	}
}

// system is an installation that runs.
type system struct {
	*stack.Stack
	mails testenv.Mails
	posts testenv.Posts
	api   prometheus.API
}

// start starts it; change has the last word on its options.
func (i installation) start(t *testing.T, change ...func(*stack.Options)) system {
	t.Helper()
	find := func(find func() (sandbox.Program, error)) sandbox.Program {
		t.Helper()
		program, err := find()
		return testenv.Require(t, program, err)
	}
	options := stack.Options{
		FreePorts: true, Pace: pace,
		Programs: stack.Programs{
			Database: find(i.database), Dump: find(i.dump),
			Prometheus:   find(func() (sandbox.Program, error) { return sandbox.FindPrometheus(i.monitoring) }),
			Alertmanager: find(func() (sandbox.Program, error) { return sandbox.FindAlertmanager(i.monitoring) }),
		},
		Values: func(v *render.Values) {
			v.Prometheus.ScrapeInterval, v.Prometheus.EvaluationInterval = scrapeInterval, scrapeInterval
			v.Rules.Scale = ruleScale
		},
		Observe: func(e stack.Event) { t.Logf("%s %s: %s", e.At.Format("15:04:05.000"), e.Source, e.Text) },
	}
	for _, f := range change {
		f(&options)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	running, err := stack.Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := api.NewClient(api.Config{Address: running.PrometheusURL(), RoundTripper: closing(t)})
	if err != nil {
		t.Fatal(err)
	}
	return system{
		running, testenv.Mails{Mailbox: running.Mailbox()}, testenv.Posts{Hook: running.Hook()}, prometheus.NewAPI(client),
	}
}
