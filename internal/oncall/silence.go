// SPDX-License-Identifier: Apache-2.0

package oncall

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client/silence"
	"github.com/prometheus/alertmanager/api/v2/models"
)

// silences returns those of any member that are wanted, each once.
func (c *Cluster) silences(ctx context.Context, wanted func(*models.GettableSilence) bool) ([]*models.GettableSilence, error) {
	var mu sync.Mutex
	found := map[string]*models.GettableSilence{}
	err := c.each(ctx, func(ctx context.Context, m *member) error {
		answer, err := m.api.Silence.GetSilences(silence.NewGetSilencesParamsWithContext(ctx))
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, s := range answer.Payload {
			if wanted(s) {
				found[*s.ID] = s
			}
		}
		return nil
	})
	all := make([]*models.GettableSilence, 0, len(found))
	for _, id := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[id])
	}
	return all, err
}

func active(s *models.GettableSilence) bool {
	return *s.Status.State == models.SilenceStatusStateActive
}

// silence creates or changes a silence; the members tell each other.
func (c *Cluster) silence(ctx context.Context, s *models.PostableSilence) (id string, err error) {
	return id, c.first(ctx, func(ctx context.Context, m *member) error {
		answer, err := m.api.Silence.PostSilences(silence.NewPostSilencesParamsWithContext(ctx).WithSilence(s))
		if err != nil {
			return err
		}
		id = answer.Payload.SilenceID
		return nil
	})
}

// expire ends a silence on every member that can be reached, so that none of
// them mutes what is posted next.
func (c *Cluster) expire(ctx context.Context, id string) error {
	return c.each(ctx, func(ctx context.Context, m *member) error {
		answer, err := m.api.Silence.GetSilence(silence.NewGetSilenceParamsWithContext(ctx).WithSilenceID(strfmt.UUID(id)))
		var unknown *silence.GetSilenceNotFound
		switch {
		case errors.As(err, &unknown):
			return nil
		case err != nil:
			return err
		case !active(answer.Payload):
			return nil
		}
		_, err = m.api.Silence.DeleteSilence(silence.NewDeleteSilenceParamsWithContext(ctx).WithSilenceID(strfmt.UUID(id)))
		if err != nil && c.gone(ctx, m, id) { // somebody else was faster
			return nil
		}
		return err
	})
}

func (c *Cluster) gone(ctx context.Context, m *member, id string) bool {
	answer, err := m.api.Silence.GetSilence(silence.NewGetSilenceParamsWithContext(ctx).WithSilenceID(strfmt.UUID(id)))
	return err == nil && !active(answer.Payload)
}

// Silence mutes alerts for a time, whether they fire or not, and returns the
// silence's id. Matchers are label, value pairs that must be equal.
func (c *Cluster) Silence(ctx context.Context, labels map[string]string, by, comment string, lasting time.Duration) (string, error) {
	if len(labels) == 0 || lasting <= 0 {
		return "", fmt.Errorf("a silence of everything, or for no time, is none")
	}
	return c.silence(ctx, silenceModel("", by, comment, nil, exactly(labels), time.Now(), time.Now().Add(lasting)))
}

func silenceModel(id, by, comment string, annotations models.LabelSet, matchers models.Matchers, from, until time.Time) *models.PostableSilence {
	startsAt, endsAt := strfmt.DateTime(from), strfmt.DateTime(until)
	return &models.PostableSilence{ID: id, Silence: models.Silence{
		Annotations: annotations, Comment: &comment, CreatedBy: &by, Matchers: matchers, StartsAt: &startsAt, EndsAt: &endsAt,
	}}
}

// exactly matches these labels, in order.
func exactly(labels map[string]string) models.Matchers {
	matchers := make(models.Matchers, 0, len(labels))
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		matchers = append(matchers, matcher(name, labels[name], false))
	}
	return matchers
}

func matcher(name, value string, regex bool) *models.Matcher {
	equal := true
	return &models.Matcher{Name: &name, Value: &value, IsRegex: &regex, IsEqual: &equal}
}
