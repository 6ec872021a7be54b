// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/oncall"
)

// request is what somebody wants done about an alert.
type request struct {
	Reason string `json:"reason"`
	For    string `json:"for"`    // a duration, of ack and silence
	Extend bool   `json:"extend"` // of ack: as long as the alert
	To     string `json:"to"`     // of escalate: the receiver
}

// badRequest is an error that the client can mend.
type badRequest struct{ error }

func (q request) lasting(byDefault time.Duration) (time.Duration, error) {
	if q.For == "" {
		return byDefault, nil
	}
	d, err := model.ParseDuration(q.For)
	if err != nil || d == 0 {
		return 0, badRequest{fmt.Errorf(`for %q: want a duration such as "30m" or "2h"`, q.For)}
	}
	return time.Duration(d), nil
}

// perform does what is wanted and says what was done.
func (s *Server) perform(ctx context.Context, action string, a oncall.Alert, by string, q request) (string, error) {
	cluster := s.options.Cluster
	switch action {
	case "ack":
		lasting, err := q.lasting(oncall.DefaultAck)
		if err != nil {
			return "", err
		}
		_, err = cluster.Acknowledge(ctx, a, by, q.reason("on it"), lasting, q.Extend)
		return "acknowledged by " + by, err
	case "unack":
		n, err := cluster.Unacknowledge(ctx, a)
		return fmt.Sprintf("%d acknowledgements taken back", n), err
	case "silence":
		lasting, err := q.lasting(2 * time.Hour)
		if err != nil {
			return "", err
		}
		_, err = cluster.Silence(ctx, a.Labels, by, q.reason("silenced by hand"), lasting)
		return fmt.Sprintf("silenced for %s", model.Duration(lasting)), err
	case "escalate":
		if q.To == "" {
			return "", badRequest{fmt.Errorf("to: name the receiver")}
		}
		return "escalated to " + q.To, cluster.Escalate(ctx, a, q.To, by, q.reason("escalated by hand"))
	case "resolve":
		return "ended", cluster.End(ctx, a)
	}
	return "", badRequest{fmt.Errorf("%q: there are ack, unack, silence, escalate and resolve", action)}
}

func (q request) reason(byDefault string) string {
	if q.Reason == "" {
		return byDefault
	}
	return q.Reason
}
