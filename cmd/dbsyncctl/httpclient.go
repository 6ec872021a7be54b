// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"

	commoncfg "github.com/prometheus/common/config"
)

// httpClient is how a command reaches Prometheus and Alertmanager.
type httpClient struct{ config string }

func addHTTPClient(command flagger) *httpClient {
	h := &httpClient{}
	command.Flag("http.config.file", "Accounts, TLS and proxies for HTTP, as amtool and promtool read it.").
		PlaceHolder("FILE").Envar("DBSYNC_HTTP_CONFIG_FILE").StringVar(&h.config)
	return h
}

func (h *httpClient) client() (*http.Client, error) {
	if h.config == "" {
		return http.DefaultClient, nil
	}
	config, _, err := commoncfg.LoadHTTPConfigFile(h.config)
	if err != nil {
		return nil, err
	}
	return commoncfg.NewClientFromConfig(*config, program)
}

// addMonitoring is for commands that ask both.
func addMonitoring(command flagger) (*promServer, *managers) {
	h := addHTTPClient(command)
	return addPrometheusOver(command, h), addAlertmanagersOver(command, h)
}
