// SPDX-License-Identifier: Apache-2.0

// Package serve is what `dbsyncctl serve` answers over HTTP: a page for whoever is
// on call, and the same as JSON for programs. It keeps nothing: what fires and who
// has it is Alertmanager's to know, what fired is Prometheus'.
package serve

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/easy-erp/dbsync/internal/oncall"
)

// Options say whom it asks.
type Options struct {
	Cluster    *oncall.Cluster
	Prometheus prometheus.API
	Logger     *slog.Logger
	// Links are further pages that the list leads to: dashboards, karma. May be
	// empty.
	Links []Link
	// Every is how often acknowledgements are put in step with their alerts; 0
	// means DefaultEvery.
	Every time.Duration
}

// Link is a page elsewhere.
type Link struct{ Title, URL string }

// DefaultEvery is half of what an alert that was posted by hand lives without a
// further post.
const DefaultEvery = time.Minute

// patience bounds what one request asks of others.
const patience = 20 * time.Second

// Server answers requests. It is safe for concurrent use, and several may run.
type Server struct{ options Options }

// New returns a server.
func New(options Options) *Server {
	if options.Every == 0 {
		options.Every = DefaultEvery
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	return &Server{options}
}

// Handler returns the routes. Requests that another site makes in the name of a
// browser's user change nothing.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range s.routes() {
		mux.HandleFunc(pattern, handle)
	}
	return http.NewCrossOriginProtection().Handler(bounded(mux))
}

func (s *Server) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /{$}":                                s.page,
		"GET /alerts/{fingerprint}":               s.alertPage,
		"POST /alerts/{fingerprint}/{action}":     s.act,
		"GET /health":                             s.health,
		"GET /-/healthy":                          healthy,
		"GET /api/alerts":                         s.history,
		"POST /api/alerts":                        s.fire,
		"POST /api/alerts/{fingerprint}/{action}": s.actJSON,
		"GET /api/dashboard/kpi":                  s.kpi,
		"GET /api/openapi.yaml":                   openAPI,
	}
}

func healthy(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "healthy\n") }

//go:embed openapi.yaml
var openAPIText string

func openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = io.WriteString(w, openAPIText) // the client went away
}

// bounded gives each request a time and its answer the headers of a page that
// nobody else may frame or keep.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Reconcile puts acknowledgements in step with their alerts until ctx ends.
func (s *Server) Reconcile(ctx context.Context) {
	tick := time.NewTicker(s.options.Every)
	defer tick.Stop()
	for {
		s.reconcile(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) reconcile(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	report, err := s.options.Cluster.Reconcile(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		s.options.Logger.Warn("acknowledgements not in step with their alerts", "err", err)
	}
	for _, ack := range report.Ended {
		s.options.Logger.Info("alert is over, and its acknowledgement with it", "alert", ack.Labels["alertname"], "instance", ack.Labels["instance"], "by", ack.By)
	}
}

// errGone says that an alert does not fire any more.
var errGone = errors.New("this alert does not fire any more")

// find returns the alert of a fingerprint.
func (s *Server) find(ctx context.Context, fingerprint string) (oncall.Alert, error) {
	alerts, err := s.options.Cluster.Alerts(ctx)
	if err != nil {
		return oncall.Alert{}, err
	}
	for _, a := range alerts {
		if a.Fingerprint == fingerprint {
			return a, nil
		}
	}
	return oncall.Alert{}, errGone
}

// who is the account that a request was made with; exporter-toolkit has checked
// its password.
func who(r *http.Request) string {
	if name, _, ok := r.BasicAuth(); ok && name != "" {
		return name
	}
	return "somebody without an account"
}
