// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/history"
	"github.com/easy-erp/dbsync/internal/oncall"
	"github.com/easy-erp/dbsync/internal/status"
)

// health answers whether everything that is asked answers, with 200 even when
// something fires: that is not this program's health.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	now, err := status.Read(r.Context(), s.options.Prometheus)
	answer := map[string]any{"status": "healthy", "timestamp": time.Now().UTC().Format(time.RFC3339)}
	code := http.StatusOK
	if err != nil {
		answer["status"], answer["error"], code = "unhealthy", err.Error(), http.StatusServiceUnavailable
	} else {
		answer["overall"], answer["parts"] = now.Health, now.Parts
	}
	s.write(w, code, answer)
}

// history answers what fired lately: ?since=24h.
func (s *Server) history(w http.ResponseWriter, r *http.Request) {
	since := 24 * time.Hour
	if text := r.URL.Query().Get("since"); text != "" {
		d, err := model.ParseDuration(text)
		if err != nil || d == 0 {
			s.fail(w, badRequest{fmt.Errorf(`since %q: want a duration such as "24h" or "7d"`, text)})
			return
		}
		since = time.Duration(d)
	}
	episodes, err := history.Read(r.Context(), s.options.Prometheus, time.Now(), since)
	if err != nil {
		s.fail(w, err)
		return
	}
	acks, err := s.options.Cluster.PastAcks(r.Context())
	if err != nil { // what fired is known all the same
		s.options.Logger.Warn("who took an alert is not known", "err", err)
	}
	history.Record{Acks: acks}.Tell(episodes, history.Step(since))
	s.identify(r.Context(), episodes)
	s.write(w, http.StatusOK, episodes)
}

// identify gives what fires the id that acting on it takes: Alertmanager's, which
// counts Prometheus' external labels too.
func (s *Server) identify(ctx context.Context, episodes []history.Episode) {
	alerts, err := s.options.Cluster.Alerts(ctx)
	if err != nil {
		s.options.Logger.Warn("what fires is not known to Alertmanager", "err", err)
	}
	for i := range episodes {
		e := &episodes[i]
		for _, a := range alerts {
			if e.Status == history.Firing && e.Is(a.Labels) {
				e.ID = a.Fingerprint
			}
		}
	}
}

// fire begins an alert that no rule has.
func (s *Server) fire(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Labels  map[string]string `json:"labels"`
		Summary string            `json:"summary"`
		For     string            `json:"for"`
	}
	err := decode(r, &q)
	var lasting time.Duration
	if err == nil {
		lasting, err = request{For: q.For}.lasting(time.Hour)
	}
	var a oncall.Alert
	if err == nil {
		a, err = s.options.Cluster.Fire(r.Context(), q.Labels, cmp.Or(q.Summary, "Fired by "+who(r)+"."), lasting)
	}
	if errors.Is(err, oncall.ErrUnroutable) {
		err = badRequest{err}
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	s.write(w, http.StatusCreated, map[string]string{"id": a.Fingerprint})
}

// decode reads the JSON of a request; nothing is an empty object.
func decode(r *http.Request, into any) error {
	if r.ContentLength == 0 {
		return nil
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return badRequest{fmt.Errorf("not the JSON that is wanted: %w", err)}
	}
	return nil
}

// kpi answers the figures of the cards.
func (s *Server) kpi(w http.ResponseWriter, r *http.Request) {
	now, err := status.Read(r.Context(), s.options.Prometheus)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.write(w, http.StatusOK, map[string]any{"health": now.Health, "parts": now.Parts, "kpi": now.KPI})
}

// actJSON does what a program wants.
func (s *Server) actJSON(w http.ResponseWriter, r *http.Request) {
	var q request
	if err := decode(r, &q); err != nil {
		s.fail(w, err)
		return
	}
	a, err := s.find(r.Context(), r.PathValue("fingerprint"))
	var said string
	if err == nil {
		said, err = s.perform(r.Context(), r.PathValue("action"), a, who(r), q)
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	s.write(w, http.StatusOK, map[string]string{"done": said})
}

// fail answers an error as JSON.
func (s *Server) fail(w http.ResponseWriter, err error) {
	s.write(w, code(err), map[string]string{"error": err.Error()})
}

func code(err error) int {
	switch {
	case errors.As(err, new(badRequest)):
		return http.StatusBadRequest
	case errors.Is(err, errGone):
		return http.StatusNotFound
	}
	return http.StatusBadGateway
}

func (s *Server) write(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		s.options.Logger.Debug("answer not written", "err", err)
	}
}
