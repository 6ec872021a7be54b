// SPDX-License-Identifier: Apache-2.0

package history

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
	events "github.com/prometheus/alertmanager/eventrecorder/eventrecorderpb"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/easy-erp/dbsync/internal/oncall"
)

// Record is what Alertmanager remembers of alerts: who took them, and who was
// told.
type Record struct {
	Acks []oncall.Ack
	told []told
}

// told is a notification and the labels of one alert in it.
type told struct {
	labels map[string]string
	Notification
}

// maxEvent bounds a line of a record: a notification of a thousand alerts.
const maxEvent = 16 << 20

// ReadEvents adds what a file of Alertmanager's event recorder holds. (Since
// Alertmanager 0.33, started with --enable-feature=event-recorder; the lines are
// eventrecorder.proto's Event as JSON.) Events that it does not know are left
// out, and so is a last line that is being written; an error names the line.
func (r *Record) ReadEvents(from io.Reader, name string) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxEvent)
	options := protojson.UnmarshalOptions{DiscardUnknown: true}
	var broken error
	for n := 1; lines.Scan(); n++ {
		if broken != nil {
			return broken
		}
		if len(lines.Bytes()) == 0 {
			continue
		}
		var event events.Event
		if err := options.Unmarshal(lines.Bytes(), &event); err != nil {
			broken = fmt.Errorf("%s:%d: not an event of Alertmanager's recorder: %w", name, n, err)
			continue
		}
		r.add(&event)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (r *Record) add(event *events.Event) {
	if notification := event.GetData().GetNotification(); notification != nil {
		at := event.GetTimestamp().AsTime()
		for _, a := range notification.GetFiringAlerts() {
			details := a.GetDetails()
			if details == nil {
				details = detailsOf(notification.GetAlerts(), a.GetHash())
			}
			r.told = append(r.told, told{pairs(details.GetLabels()), Notification{notification.GetGroupInfo().GetReceiverName(), at}})
		}
	}
	for _, s := range []*events.Silence{
		event.GetData().GetSilenceCreated().GetSilence(), event.GetData().GetSilenceUpdated().GetSilence(),
	} {
		if s == nil {
			continue
		}
		if ack, ok := oncall.AckOf(silenceOf(s)); ok {
			r.Acks = append(r.Acks, ack)
		}
	}
}

func detailsOf(alerts []*events.GroupedAlert, hash uint64) *events.Alert {
	for _, a := range alerts {
		if a.GetHash() == hash {
			return a.GetDetails()
		}
	}
	return nil
}

func pairs(set *events.LabelSet) map[string]string {
	labels := map[string]string{}
	for _, pair := range set.GetLabels() {
		labels[pair.GetKey()] = pair.GetValue()
	}
	return labels
}

// silenceOf turns an event's silence into the API's.
func silenceOf(s *events.Silence) *models.GettableSilence {
	moment := func(t *timestamppb.Timestamp) *strfmt.DateTime {
		at := strfmt.DateTime(t.AsTime())
		return &at
	}
	silence := &models.GettableSilence{ID: &s.Id, Silence: models.Silence{
		CreatedBy: &s.CreatedBy, Comment: &s.Comment, StartsAt: moment(s.GetStartsAt()), EndsAt: moment(s.GetEndsAt()),
	}}
	for _, m := range s.GetMatchers() {
		regex := m.GetType() == events.Matcher_TYPE_REGEXP || m.GetType() == events.Matcher_TYPE_NOT_REGEXP
		equal := m.GetType() == events.Matcher_TYPE_EQUAL || m.GetType() == events.Matcher_TYPE_REGEXP
		silence.Matchers = append(silence.Matchers, &models.Matcher{Name: &m.Name, Value: &m.Pattern, IsRegex: &regex, IsEqual: &equal})
	}
	return silence
}

// Tell writes into each episode who took it first and who was told. An episode's
// times are exact to a step only, so that as much is allowed for.
func (r Record) Tell(episodes []Episode, step time.Duration) {
	acks := slices.Clone(r.Acks)
	slices.SortFunc(acks, func(a, b oncall.Ack) int { return a.At.Compare(b.At) })
	notifications := slices.Clone(r.told)
	slices.SortFunc(notifications, func(a, b told) int { return a.At.Compare(b.At) })
	for i := range episodes {
		e := &episodes[i]
		during := func(t time.Time) bool { return !t.Before(e.From.Add(-step)) && !t.After(e.To.Add(step)) }
		if n := slices.IndexFunc(acks, func(a oncall.Ack) bool { return during(a.At) && e.Is(a.Labels) }); n >= 0 {
			a := acks[n]
			e.Acknowledged = &Acknowledgement{By: a.By, Reason: a.Reason, At: a.At, After: max(0, a.At.Sub(a.StartsAt))}
		}
		for _, one := range notifications {
			known := slices.ContainsFunc(e.Notified, func(n Notification) bool { return n.Receiver == one.Receiver })
			if during(one.At) && !known && e.Is(one.labels) {
				e.Notified = append(e.Notified, one.Notification)
			}
		}
	}
}

// Is tells whether an alert with these labels, as Alertmanager has them, is the
// episode's: Prometheus adds its external labels to what it sends.
func (e Episode) Is(labels map[string]string) bool {
	for name, value := range e.Labels {
		if labels[name] != value {
			return false
		}
	}
	return true
}
