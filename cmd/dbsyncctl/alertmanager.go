// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/easy-erp/dbsync/internal/oncall"

// witness is the shipped alert that always fires.
const witness = "Watchdog"

// managers are the Alertmanagers that a command talks to.
type managers struct {
	urls []string
	http *httpClient
}

func addAlertmanagers(command flagger) *managers {
	return addAlertmanagersOver(command, addHTTPClient(command))
}

func addAlertmanagersOver(command flagger, h *httpClient) *managers {
	m := &managers{http: h}
	command.Flag("alertmanager.url", "Where Alertmanager answers; repeat it for each member of a cluster, not for a balancer before them.").
		Default("http://localhost:9093").Envar("DBSYNC_ALERTMANAGER_URL").StringsVar(&m.urls)
	return m
}

func (m *managers) cluster() (*oncall.Cluster, error) {
	client, err := m.http.client()
	if err != nil {
		return nil, err
	}
	return oncall.New(oncall.Options{URLs: m.urls, HTTP: client, Witness: witness})
}
