// SPDX-License-Identifier: Apache-2.0

package history

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
)

func TestEpisodesAreSplitAtHoles(t *testing.T) {
	now := time.Unix(100_000, 0)
	at := func(minutes ...int) *model.SampleStream {
		s := &model.SampleStream{Metric: model.Metric{
			"__name__": "ALERTS", "alertstate": "firing", "alertname": "MySQLDown", "rule_id": "mysql_down", "severity": "critical", "instance": "a",
		}}
		for _, m := range minutes {
			s.Values = append(s.Values, model.SamplePair{Timestamp: model.TimeFromUnix(now.Unix() - int64(m)*60), Value: 1})
		}
		return s
	}
	got := split(at(60, 59, 58, 40, 2, 1, 0), time.Minute, now)
	if len(got) != 3 {
		t.Fatalf("%d episodes, want 3: %+v", len(got), got)
	}
	for i, want := range []struct {
		minutes float64
		status  string
	}{{2, Resolved}, {0, Resolved}, {2, Firing}} {
		if lasted := got[i].To.Sub(got[i].From).Minutes(); lasted != want.minutes || got[i].Status != want.status {
			t.Errorf("episode %d lasted %v, %s; want %v, %s", i, lasted, got[i].Status, want.minutes, want.status)
		}
	}
	if e := got[0]; e.RuleID != "mysql_down" || e.RuleName != "MySQLDown" || e.Labels["__name__"] != "" || e.Labels["alertstate"] != "" || e.ID == got[1].ID {
		t.Errorf("%+v", e)
	}
}
