// SPDX-License-Identifier: Apache-2.0

//go:build unix

package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// closing is a transport whose connections end with the test.
func closing(t *testing.T) http.RoundTripper {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// firstSample is when Prometheus stored the first sample of a selector that has the value: the time of the scrape, or of
// the evaluation of the rule.
func (s system) firstSample(t *testing.T, selector string, value float64) time.Time {
	t.Helper()
	var found time.Time
	testenv.Eventually(t, patience, selector, func() error {
		result, _, _, err := s.api.Query(t.Context(), selector+"[10m]", time.Time{})
		if err != nil {
			return err
		}
		found = earliest(result, model.SampleValue(value))
		if found.IsZero() {
			return &missing{selector, value, result}
		}
		return nil
	})
	return found
}

func earliest(result model.Value, value model.SampleValue) (found time.Time) {
	series, _ := result.(model.Matrix)
	for _, one := range series {
		for _, pair := range one.Values {
			if at := pair.Timestamp.Time(); pair.Value == value && (found.IsZero() || at.Before(found)) {
				found = at
			}
		}
	}
	return found
}

type missing struct {
	selector string
	value    float64
	got      model.Value
}

func (m *missing) Error() string {
	got := m.got.String()
	return fmt.Sprintf("no sample of it has the value %g; the newest ones: ...%s", m.value, got[max(0, len(got)-200):])
}

// legs logs how long each part of the way took, from one point to the next one that it depends on.
type legs struct {
	t    *testing.T
	what string
}

func (l legs) took(leg string, from, to time.Time) {
	l.t.Helper()
	l.t.Logf("%s: %-24s %6.2f s", l.what, leg, to.Sub(from).Seconds())
}
