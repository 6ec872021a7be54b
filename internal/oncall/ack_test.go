// SPDX-License-Identifier: Apache-2.0

package oncall

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/api/v2/models"
)

// FuzzAck writes an acknowledgement as a silence and reads it back, whatever
// people and labels say.
func FuzzAck(f *testing.F) {
	f.Add("looking into it", "li", "erp-primary", int64(1_795_486_455_123_456_789), int64(time.Hour))
	f.Add("", "li", "", int64(0), int64(0))
	f.Add("see [dbsync starts_at=x] and]\nmore", "王", "a|b", int64(1), int64(1))
	f.Add(" ACK! twice ", "x", ".*", int64(-1), int64(90*time.Second))
	f.Fuzz(func(t *testing.T, reason, by, instance string, startsAt, extend int64) {
		at := time.Unix(0, startsAt)
		if at.Year() < 1 || at.Year() > 9999 || extend < 0 {
			t.Skip("no time that Alertmanager keeps")
		}
		want := Ack{
			ID: "id", Labels: map[string]string{"alertname": "Down", "instance": instance}, By: by, Reason: reason,
			StartsAt: at, At: time.Unix(1, 0), Until: time.Unix(2, 0), Extend: time.Duration(extend),
		}
		posted := want.model([]string{"push.oncall"})
		if !strings.HasPrefix(*posted.Comment, "ACK! ") {
			t.Errorf("comment %q", *posted.Comment)
		}
		id := posted.ID
		got, ok := AckOf(&models.GettableSilence{ID: &id, Silence: posted.Silence})
		if !ok {
			t.Fatalf("not read back: %q", *posted.Comment)
		}
		if got.By != by || !got.StartsAt.Equal(at) || got.Extend != want.Extend || !maps.Equal(got.Labels, want.Labels) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		plain := strings.TrimSpace(strings.ReplaceAll(reason, commentMark, "["))
		if strings.TrimSpace(got.Reason) != plain {
			t.Errorf("reason %q, want %q", got.Reason, plain)
		}
	})
}

func TestOtherSilencesAreNoAcknowledgements(t *testing.T) {
	for _, comment := range []string{
		"", "maintenance", "ACK! by karma", "[dbsync starts_at=2026-11-24T03:14:15Z]", "ACK! x [dbsync starts_at=yesterday]",
		"ACK! x [dbsync starts_at=2026-11-24T03:14:15Z extend=soon]", "ACK! x [dbsync starts_at=2026-11-24T03:14:15Z] y",
	} {
		s := Ack{Labels: map[string]string{"a": "b"}, At: time.Unix(1, 0), Until: time.Unix(2, 0)}.model(nil)
		s.Comment = &comment
		id := "id"
		if ack, ok := AckOf(&models.GettableSilence{ID: &id, Silence: s.Silence}); ok {
			t.Errorf("%q is taken for %+v", comment, ack)
		}
	}
}
