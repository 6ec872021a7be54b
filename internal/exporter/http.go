// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/exporter-toolkit/web"
)

const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second // of the whole request: bodies are small
	writeTimeout      = maxDeadline + readTimeout
	idleTimeout       = 5 * time.Minute // longer than any scrape interval that makes sense
)

func (e *Exporter) httpServer() *http.Server {
	return &http.Server{
		Handler: e.Handler(), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(e.options.Logger.Handler(), slog.LevelDebug),
	}
}

// serve accepts requests until the server is shut down, which is no error.
func (e *Exporter) serve(server *http.Server) error {
	var err error
	if len(e.options.Listeners) > 0 {
		err = web.ServeMultiple(e.options.Listeners, server, e.options.Web, e.options.Logger)
	} else {
		err = web.ListenAndServe(server, e.options.Web, e.options.Logger)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// stopHTTP lets the requests in progress end, and cuts them off when ctx ends.
func stopHTTP(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout*2/3) // the rest is for closing the targets
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests in progress were cut off: %w", err), server.Close())
	}
	return nil
}

// Handler returns all that is served.
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range e.routes() {
		mux.Handle(route.method+" "+route.path, route.handler)
	}
	if e.options.EnablePprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// route is a path with what answers there.
type route struct {
	method, path string
	handler      http.Handler
}

// routes lists what is served, save the profiles. openapi.yaml describes each.
func (e *Exporter) routes() []route {
	return []route{
		{"GET", "/{$}", e.handle(e.landing)},
		{"GET", "/config", e.handle(e.showConfig)},
		{"GET", "/-/healthy", e.handle(healthy)},
		{"GET", "/-/ready", e.handle(e.isReady)},
		{"POST", "/-/reload", e.handle(e.reload)},
		{"PUT", "/-/reload", e.handle(e.reload)},
		{"GET", e.options.TelemetryPath, e.scrapes(e.metrics)},
		{"GET", "/probe", e.scrapes(e.probe)},
		{"GET", "/api/v1/runs", e.handle(e.listRuns)},
		{"POST", "/api/v1/runs", e.handle(e.withToken(e.reportRun))},
		{"DELETE", "/api/v1/runs", e.handle(e.withToken(e.deleteRuns))},
		{"GET", "/api/v1/revisions", e.handle(e.listRevisions)},
		{"PUT", "/api/v1/revisions", e.handle(e.withToken(e.putRevisions))},
		{"DELETE", "/api/v1/revisions", e.handle(e.withToken(e.deleteRevisions))},
		{"GET", "/api/v1/openapi.yaml", e.handle(openAPI)},
	}
}

// scrapes bounds the scrapes in progress and counts them.
func (e *Exporter) scrapes(h handler) http.Handler {
	bounded := e.handle(func(w http.ResponseWriter, r *http.Request) error {
		if e.limit == nil {
			return h(w, r)
		}
		select {
		case e.limit <- struct{}{}:
			defer func() { <-e.limit }()
			return h(w, r)
		default:
			return failure(unavailable, "%d scrapes are in progress, which is the limit (--web.max-requests): try again later", cap(e.limit))
		}
	})
	return promhttp.InstrumentMetricHandler(e.self.registry, bounded)
}

func healthy(w http.ResponseWriter, _ *http.Request) error {
	return writeText(w, "dbsync_exporter is healthy.\n")
}

func (e *Exporter) isReady(w http.ResponseWriter, _ *http.Request) error {
	if !e.ready.Load() {
		return failure(unavailable, "dbsync_exporter is starting or stopping")
	}
	return writeText(w, "dbsync_exporter is ready.\n")
}

func (e *Exporter) showConfig(w http.ResponseWriter, _ *http.Request) error {
	g := e.current.Load()
	if g == nil {
		return failure(unavailable, "the exporter is stopping")
	}
	return writeText(w, g.config.YAML())
}

func (e *Exporter) reload(w http.ResponseWriter, _ *http.Request) error {
	if !e.options.EnableLifecycle {
		return failure(forbidden, "reloading over HTTP is off: start with --web.enable-lifecycle, or send SIGHUP")
	}
	if err := e.Reload(); err != nil {
		return failure(reloadFailed, "the old configuration stays in force: %w", err)
	}
	return writeText(w, "The configuration is reloaded.\n")
}

// writeText answers in plain text. A client that went away is no failure.
func writeText(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, text)
	return nil
}
