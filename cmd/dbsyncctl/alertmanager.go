// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"

	commoncfg "github.com/prometheus/common/config"

	"github.com/easy-erp/dbsync/internal/oncall"
)

// witness is the shipped alert that always fires.
const witness = "Watchdog"

// managers are the Alertmanagers that a command talks to.
type managers struct {
	urls       []string
	httpConfig string
}

func addAlertmanagers(command flagger) *managers {
	m := &managers{}
	command.Flag("alertmanager.url", "Where Alertmanager answers; repeat it for each member of a cluster, not for a balancer before them.").
		Default("http://localhost:9093").Envar("DBSYNC_ALERTMANAGER_URL").StringsVar(&m.urls)
	command.Flag("http.config.file", "Accounts and TLS for HTTP, as amtool and promtool read it.").
		PlaceHolder("FILE").StringVar(&m.httpConfig)
	return m
}

func (m *managers) cluster() (*oncall.Cluster, error) {
	client := http.DefaultClient
	if m.httpConfig != "" {
		config, _, err := commoncfg.LoadHTTPConfigFile(m.httpConfig)
		if err != nil {
			return nil, err
		}
		if client, err = commoncfg.NewClientFromConfig(*config, program); err != nil {
			return nil, err
		}
	}
	return oncall.New(oncall.Options{URLs: m.urls, HTTP: client, Witness: witness})
}
