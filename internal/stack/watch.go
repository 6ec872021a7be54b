// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"fmt"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/status"
)

// watch tells what happens from now on: deliveries, alerts, and services that end by themselves.
func (s *Stack) watch() {
	s.background(s.inbox.watch(s.onset, s.say))
	s.background(s.watchAlerts)
	s.background(s.watchService("prometheus", s.prometheus))
	s.background(s.watchService("alertmanager", s.alertmanager))
}

// Failed receives an error when a service ends that nobody asked to end.
func (s *Stack) Failed() <-chan error { return s.failed }

func (s *Stack) watchService(name string, service *sandbox.Service) func(context.Context) {
	return func(ctx context.Context) {
		select {
		case <-ctx.Done():
		case <-service.Done():
			select {
			case s.failed <- fmt.Errorf("%s ended by itself; its last output:\n%s", name, service.Output()):
			default: // one is enough
			}
		}
	}
}

// watchAlerts tells when an alert becomes pending, fires and ends.
func (s *Stack) watchAlerts(ctx context.Context) {
	const interval = time.Second
	tick := time.NewTicker(interval)
	defer tick.Stop()
	known := map[string]status.Alert{}
	for {
		if alerts, err := s.Alerts(ctx); err == nil { // a question that fails is asked again
			known = s.tellAlerts(known, alerts)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Stack) tellAlerts(known map[string]status.Alert, alerts []status.Alert) map[string]status.Alert {
	now := make(map[string]status.Alert, len(alerts))
	for _, a := range alerts {
		key := a.Name + " " + a.Severity + " " + a.Where
		now[key] = a
		if before, ok := known[key]; !ok || before.Firing != a.Firing {
			s.say("alert", "%s is %s", key, word(a))
		}
	}
	for key := range known {
		if _, ok := now[key]; !ok {
			s.say("alert", "%s is over", key)
		}
	}
	return now
}

func word(a status.Alert) string {
	if a.Firing {
		return "firing"
	}
	return "pending"
}
