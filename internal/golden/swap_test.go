// SPDX-License-Identifier: Apache-2.0

//go:build unix

package golden_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestServerSwappedForAnotherVersion: an address that led to MariaDB leads to MySQL
// between two scrapes, and back. What is known of the old one is not asked of the new
// one, and not shown for it.
func TestServerSwappedForAnotherVersion(t *testing.T) {
	maria := testenv.SharedMariaDB(t, testenv.WithFlags("--performance-schema=ON"))
	my := testenv.SharedMySQL(t)
	for _, server := range []*testenv.Server{maria, my} {
		company(t, server)
	}
	a := documented(t, maria)
	documented(t, my)
	p := newProxy(t, maria.Addr())
	r := startAt(t, p.address(), fmt.Sprintf("password: %q", a.password), a, "collectors: {host: false}\n")
	for _, server := range []*testenv.Server{my, maria, my} {
		before := testenv.Value[int](t, server, failedStatements, a.name)
		p.lead(server.Addr())
		p.cut()
		testenv.Eventually(t, 30*time.Second, "the other server is seen", func() error {
			f, _, err := r.scrape("/metrics", 10*time.Second)
			if err != nil {
				return err
			}
			return errors.Join(wellOrError(f), showsVersion(f, server.Version()))
		})
		if failed := testenv.Value[int](t, server, failedStatements, a.name); failed > before {
			t.Errorf("%s: %d statements failed", server.Kind(), failed-before)
		}
	}
}

// showsVersion is nil when the only version that is shown is this one.
func showsVersion(f families, version string) error {
	metrics := f["mysql_version_info"].GetMetric()
	if len(metrics) != 1 || !strings.HasPrefix(version, label(metrics[0], "version")) && label(metrics[0], "version") != version {
		return fmt.Errorf("%v, want %s", metrics, version)
	}
	return nil
}
