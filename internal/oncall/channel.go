// SPDX-License-Identifier: Apache-2.0

package oncall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Verdict is what became of a test message.
type Verdict struct {
	Outcome Outcome
	Detail  string
}

// String tells it to people.
func (v Verdict) String() string { return string(v.Outcome) + ": " + v.Detail }

// Outcome is how a test ended.
type Outcome string

// The outcomes of a test.
const (
	Delivered Outcome = "delivered" // the service took the message
	Failed    Outcome = "failed"
	Unclear   Outcome = "unknown" // nothing was sent in time
)

// TestReceiver sends a message to one receiver, the way that every alert goes,
// and waits for what became of it. The verdict comes from Alertmanager's
// counters, which know the kind of receiver (email, slack ...) and not its name:
// another notification of the same moment counts as well.
func (c *Cluster) TestReceiver(ctx context.Context, name string, wait time.Duration) (Verdict, error) {
	receivers, err := c.Receivers(ctx)
	if err != nil {
		return Verdict{}, err
	}
	if !slices.Contains(receivers, name) {
		return Verdict{}, fmt.Errorf("no receiver is called %q: there are %s", name, strings.Join(receivers, ", "))
	}
	before, err := c.sent(ctx)
	if err != nil {
		return Verdict{}, err
	}
	now := time.Now()
	test := Alert{
		Labels: map[string]string{
			"alertname": "ChannelTest", "severity": "info", LabelChannelTest: name,
			"id": now.UTC().Format(time.RFC3339Nano), // each test is one of its own
		},
		Annotations: map[string]string{
			"summary":     "This is a test of the channel " + name + ".",
			"summary_zh":  "这是对通知渠道 " + name + " 的测试。",
			"description": "Nothing is wrong, and nothing is to be done.",
		},
		StartsAt: now,
	}
	if err := c.Post(ctx, test); err != nil {
		return Verdict{}, err
	}
	verdict, err := c.await(ctx, before, wait)
	return verdict, errors.Join(err, c.End(ctx, test))
}

// await looks at the counters until one has moved or the time is over.
func (c *Cluster) await(ctx context.Context, before sent, wait time.Duration) (Verdict, error) {
	const interval = 250 * time.Millisecond
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		now, err := c.sent(ctx)
		if err != nil {
			return Verdict{}, err
		}
		if v, ok := before.verdict(now); ok {
			return v, nil
		}
		select {
		case <-ctx.Done():
			return Verdict{}, context.Cause(ctx)
		case <-deadline.C:
			return Verdict{Unclear, fmt.Sprintf("no notification was sent within %v: see Alertmanager's log, "+
				"and whether a route leads channel_test to the receiver", wait)}, nil
		case <-tick.C:
		}
	}
}

// sent is how many notifications were sent and failed, by kind of receiver.
type sent struct{ tried, failed map[string]float64 }

// verdict compares with a later moment; false when nothing has happened.
func (s sent) verdict(now sent) (Verdict, bool) {
	for kind, n := range now.failed {
		if n > s.failed[kind] {
			return Verdict{Failed, "the receiver's " + kind + " refused or was not reached; Alertmanager's log says why"}, true
		}
	}
	for kind, n := range now.tried {
		if n > s.tried[kind] {
			return Verdict{Delivered, "its " + kind + " took the message"}, true
		}
	}
	return Verdict{}, false
}

// sent reads the counters of all members.
func (c *Cluster) sent(ctx context.Context) (sent, error) {
	sum := sent{map[string]float64{}, map[string]float64{}}
	var mu sync.Mutex
	err := c.each(ctx, func(ctx context.Context, m *member) error {
		one, err := c.metrics(ctx, m)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for kind, n := range one.tried {
			sum.tried[kind] += n
		}
		for kind, n := range one.failed {
			sum.failed[kind] += n
		}
		return nil
	})
	return sum, err
}

// metrics reads the counters of one member.
func (c *Cluster) metrics(ctx context.Context, m *member) (sent, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.metrics, http.NoBody)
	if err != nil {
		return sent{}, err
	}
	response, err := c.options.HTTP.Do(request)
	if err != nil {
		return sent{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return sent{}, fmt.Errorf("%s/metrics: %s", m.url, response.Status)
	}
	const most = 16 << 20
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(response.Body, most))
	if err != nil {
		return sent{}, err
	}
	// Counted when the service has answered, the total first.
	counts := sent{map[string]float64{}, map[string]float64{}}
	for name, into := range map[string]map[string]float64{
		"alertmanager_notification_requests_total":        counts.tried,
		"alertmanager_notification_requests_failed_total": counts.failed,
	} {
		for _, metric := range families[name].GetMetric() {
			for _, l := range metric.Label {
				if l.GetName() == "integration" {
					into[l.GetValue()] += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return counts, nil
}
