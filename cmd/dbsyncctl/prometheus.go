// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/url"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
)

// patience is how long a command waits for an answer of Prometheus.
const patience = 30 * time.Second

// promServer is the Prometheus that a command asks.
type promServer struct {
	url  *url.URL
	http *httpClient
}

func addPrometheus(command flagger) *promServer {
	return addPrometheusOver(command, addHTTPClient(command))
}

func addPrometheusOver(command flagger, h *httpClient) *promServer {
	p := &promServer{http: h}
	command.Flag("prometheus.url", "Where Prometheus answers.").
		Default("http://localhost:9090").Envar("DBSYNC_PROMETHEUS_URL").URLVar(&p.url)
	return p
}

func (p *promServer) api() (prometheus.API, error) {
	over, err := p.http.client()
	if err != nil {
		return nil, err
	}
	client, err := api.NewClient(api.Config{Address: p.url.String(), Client: over})
	if err != nil {
		return nil, err
	}
	return prometheus.NewAPI(client), nil
}
