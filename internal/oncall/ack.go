// SPDX-License-Identifier: Apache-2.0

package oncall

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
)

// Ack is that somebody has taken an alert: nobody else is told of it.
type Ack struct {
	ID       string // of its silence
	Labels   map[string]string
	By       string
	Reason   string
	StartsAt time.Time // of the alert
	At       time.Time // when it was acknowledged
	Until    time.Time
	// Extend is how long it is prolonged for, again and again, while the alert
	// fires. 0: it ends at Until, and who was not told yet is told then.
	Extend time.Duration
}

// DefaultAck is how long an acknowledgement lasts without Reconcile.
const DefaultAck = 30 * time.Minute

// Acknowledge takes an alert: a silence with its labels, which escalations by
// hand after this moment do not match. Acknowledging again replaces the one
// before. It returns the silence's id.
func (c *Cluster) Acknowledge(ctx context.Context, a Alert, by, reason string, lasting time.Duration, extend bool) (string, error) {
	if by == "" {
		return "", fmt.Errorf("who acknowledges it?")
	}
	if lasting <= 0 {
		lasting = DefaultAck
	}
	ack := Ack{Labels: a.Labels, By: by, Reason: reason, StartsAt: a.StartsAt, At: time.Now(), Until: time.Now().Add(lasting)}
	if extend {
		ack.Extend = lasting
	}
	before, err := c.Acks(ctx)
	if err != nil {
		return "", err
	}
	copies, err := c.escalations(ctx, a)
	if err != nil {
		return "", err
	}
	id, err := c.silence(ctx, ack.model(copies))
	if err != nil {
		return "", err
	}
	for _, old := range before {
		if maps.Equal(old.Labels, a.Labels) && old.ID != id {
			if err := c.expire(ctx, old.ID); err != nil {
				return id, err
			}
		}
	}
	return id, nil
}

// Unacknowledge takes acknowledgements of an alert back; who was due meanwhile
// is told at the next change of the group. It returns how many there were.
func (c *Cluster) Unacknowledge(ctx context.Context, a Alert) (int, error) {
	acks, err := c.Acks(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, ack := range acks {
		if maps.Equal(ack.Labels, a.Labels) {
			if err := c.expire(ctx, ack.ID); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// Acks returns the acknowledgements in force, those of other programs left out.
func (c *Cluster) Acks(ctx context.Context) ([]Ack, error) { return c.acks(ctx, active) }

// PastAcks returns the acknowledgements in force and those that have ended, for
// as long as Alertmanager remembers them: its --data.retention, 120 hours where
// nothing else is said.
func (c *Cluster) PastAcks(ctx context.Context) ([]Ack, error) {
	return c.acks(ctx, func(*models.GettableSilence) bool { return true })
}

func (c *Cluster) acks(ctx context.Context, wanted func(*models.GettableSilence) bool) ([]Ack, error) {
	silences, err := c.silences(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var acks []Ack
	for _, s := range silences {
		if ack, ok := AckOf(s); ok {
			acks = append(acks, ack)
		}
	}
	return acks, nil
}

// escalations returns the receivers to which an alert has been escalated by
// hand, sorted.
func (c *Cluster) escalations(ctx context.Context, a Alert) ([]string, error) {
	if a.Labels[LabelEscalate] != "" {
		return nil, nil
	}
	all, err := c.Alerts(ctx, LabelEscalate+`=~".+"`)
	if err != nil {
		return nil, err
	}
	var to []string
	for _, one := range all {
		if maps.Equal(base(one.Labels), a.Labels) {
			to = append(to, one.Labels[LabelEscalate])
		}
	}
	slices.Sort(to)
	return to, nil
}

// base returns the labels of the alert behind an escalation.
func base(labels map[string]string) map[string]string {
	out := maps.Clone(labels)
	delete(out, LabelEscalate)
	return out
}

// The comment begins as karma and kthxbye expect it. What Reconcile needs
// stands in brackets at its end, since old versions keep no annotations.
const (
	commentPrefix = "ACK!"
	commentMark   = "[dbsync "
)

var mark = regexp.MustCompile(`^ACK! ?((?s).*?) ?\[dbsync starts_at=(\S+)(?: extend=(\S+))?\]$`)

// model returns the silence of an acknowledgement. The copies that were
// escalated before are muted too, later ones are not.
func (a Ack) model(copies []string) *models.PostableSilence {
	comment := commentPrefix + " " + strings.ReplaceAll(a.Reason, commentMark, "[") + " " +
		commentMark + "starts_at=" + a.StartsAt.UTC().Format(time.RFC3339Nano)
	annotations := models.LabelSet{"ack": "true", "by": a.By, "reason": a.Reason}
	if a.Extend > 0 {
		comment += " extend=" + a.Extend.String()
		annotations["extend"] = a.Extend.String()
	}
	comment += "]"
	matchers := exactly(a.Labels)
	if a.Labels[LabelEscalate] == "" {
		quoted := make([]string, 0, len(copies)+1)
		for _, name := range append([]string{""}, copies...) {
			quoted = append(quoted, regexp.QuoteMeta(name))
		}
		matchers = append(matchers, matcher(LabelEscalate, strings.Join(quoted, "|"), true))
	}
	return silenceModel(a.ID, a.By, comment, annotations, matchers, a.At, a.Until)
}

// AckOf reads a silence as an acknowledgement; false if it is none of ours.
func AckOf(s *models.GettableSilence) (Ack, bool) {
	parts := mark.FindStringSubmatch(*s.Comment)
	if parts == nil {
		return Ack{}, false
	}
	startsAt, err := time.Parse(time.RFC3339Nano, parts[2])
	if err != nil {
		return Ack{}, false
	}
	ack := Ack{
		ID: *s.ID, Labels: map[string]string{}, By: *s.CreatedBy, Reason: parts[1], StartsAt: startsAt,
		At: time.Time(*s.StartsAt), Until: time.Time(*s.EndsAt),
	}
	if parts[3] != "" {
		if ack.Extend, err = time.ParseDuration(parts[3]); err != nil {
			return Ack{}, false
		}
	}
	for _, m := range s.Matchers {
		if !*m.IsRegex && (m.IsEqual == nil || *m.IsEqual) {
			ack.Labels[*m.Name] = *m.Value
		}
	}
	return ack, true
}
