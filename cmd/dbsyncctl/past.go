// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/easy-erp/dbsync/internal/history"
)

const ofThePast = `What fired is Prometheus' own record, the series ALERTS, exact to a minute. Who took it is what Alertmanager remembers of
acknowledgements: its --data.retention, five days where nothing else is said. Longer, and who was told, if Alertmanager
(since 0.33, with --enable-feature=event-recorder) writes a file of events, and --events names it.`

// past is where commands read what was.
type past struct {
	prometheus *promServer
	managers   *managers
	events     []string
}

func addPast(command flagger) *past {
	p := &past{}
	p.prometheus, p.managers = addMonitoring(command)
	command.Flag("events", "A file of Alertmanager's event recorder; repeat it for each member and each rotated file.").
		PlaceHolder("FILE").ExistingFilesVar(&p.events)
	return p
}

// open returns what fired and what is remembered of it. An Alertmanager that does
// not answer is a warning: what fired is known all the same.
func (p *past) open(ctx context.Context, std stdio) (prometheus.API, history.Record, error) {
	var record history.Record
	api, err := p.prometheus.api()
	if err != nil {
		return nil, record, err
	}
	cluster, err := p.managers.cluster()
	if err != nil {
		return nil, record, err
	}
	if record.Acks, err = cluster.PastAcks(ctx); err != nil {
		fmt.Fprintf(std.err, "who took an alert is not known: %v\n", err)
	}
	for _, name := range p.events {
		if err := readEvents(name, &record); err != nil {
			return nil, record, err
		}
	}
	return api, record, nil
}

func readEvents(name string, into *history.Record) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return into.ReadEvents(file, name)
}
