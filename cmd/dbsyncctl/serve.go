// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/easy-erp/dbsync/internal/serve"
)

const serveHelp = `A page for whoever is on call: what fires, acknowledge, silence, escalate; it works on a telephone. The same as JSON:

    GET  /api/alerts?since=24h               what fired
    GET  /api/dashboard/kpi                  the KPI cards
    GET  /health                             whether Prometheus and its rules answer
    POST /api/alerts                         {"labels": {"alertname": "...", "severity": "..."}, "summary": "...", "for": "1h"}
    POST /api/alerts/ID/ack                  {"reason": "...", "for": "1h", "extend": true}; also unack, silence, escalate, resolve
    GET  /api/openapi.yaml                   all of it

It also keeps acknowledgements in step with their alerts: prolongs those that shall last, and ends them with their alert,
so that the next incident is told at once. Without it, that takes up to Alertmanager's repeat_interval. It keeps no state;
several may run.

Beyond this machine it wants accounts: --web.config.file, as every exporter reads it. Whoever logs in is named in what they
acknowledge.`

// gracefully bounds the end of requests in flight.
const gracefully = 10 * time.Second

func (c *cli) addServe() {
	command := c.app.Command("serve", "Serve the on-call page and keep acknowledgements in step.").HelpLong(serveHelp)
	prometheus, servers := addMonitoring(command)
	listen := command.Flag("web.listen-address", "Where to listen.").Default("127.0.0.1:19105").String()
	config := command.Flag("web.config.file", "TLS and accounts (exporter-toolkit's file).").PlaceHolder("FILE").String()
	grafana := command.Flag("grafana.url", "Grafana, for links to the shipped dashboards.").PlaceHolder("URL").Envar("DBSYNC_GRAFANA_URL").URL()
	karma := command.Flag("karma.url", "karma, for a link.").PlaceHolder("URL").Envar("DBSYNC_KARMA_URL").URL()
	c.does(command, func(ctx context.Context, std stdio) error {
		ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		if err := mayListen(*listen, *config); err != nil {
			return err
		}
		cluster, err := servers.cluster()
		if err != nil {
			return err
		}
		api, err := prometheus.api()
		if err != nil {
			return err
		}
		logger := slog.New(slog.NewTextHandler(std.err, nil))
		return serveHTTP(ctx, serve.New(serve.Options{
			Cluster: cluster, Prometheus: api, Logger: logger, Links: links(*grafana, *karma),
		}), *listen, *config, logger)
	})
}

// links are what the page leads to, as far as it is known where that is.
func links(grafana, karma *url.URL) []serve.Link {
	var links []serve.Link
	if grafana != nil {
		links = append(links,
			serve.Link{Title: "Health and KPI", URL: grafana.JoinPath("d", "dbsync-overview").String()},
			serve.Link{Title: "History", URL: grafana.JoinPath("d", "dbsync-alerts").String()})
	}
	if karma != nil {
		links = append(links, serve.Link{Title: "karma", URL: karma.String()})
	}
	return links
}

// mayListen refuses to let everybody acknowledge.
func mayListen(address, config string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return &exitError{exitUsage, fmt.Errorf("--web.listen-address: %w", err)}
	}
	ip := net.ParseIP(host)
	local := host == "localhost" || ip != nil && ip.IsLoopback()
	if !local && config == "" {
		return &exitError{exitUsage, fmt.Errorf("--web.listen-address=%s is for everybody: name accounts by --web.config.file, or listen on 127.0.0.1", address)}
	}
	return nil
}

func serveHTTP(ctx context.Context, s *serve.Server, address, config string, logger *slog.Logger) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.Reconcile(ctx) })
	wg.Go(func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), gracefully)
		defer cancel()
		_ = server.Shutdown(end)
	})
	logger.Info("listening", "address", listener.Addr())
	err = web.Serve(listener, server, &web.FlagConfig{WebConfigFile: &config}, logger)
	cancel()
	wg.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
