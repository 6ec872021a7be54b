// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/internal/inbox"
)

// immediate are the receivers that the shipped routes tell of MySQLDown at once.
var immediate = []string{"email_admin", "slack_ops"}

// message is the first message of a server that went down.
type message struct {
	at, startsAt time.Time
	times        int
}

// receiver takes what Alertmanager posts, to /NAME for each receiver.
type receiver struct {
	listener net.Listener
	server   *http.Server
	mu       sync.Mutex
	known    map[string]map[string]message // by receiver, by server
}

func newReceiver() (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{listener: listener, known: map[string]map[string]message{}}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *receiver) url(name string) string {
	return "http://" + r.listener.Addr().String() + "/" + name
}
func (r *receiver) close() error { return r.server.Close() }

func (r *receiver) take(w http.ResponseWriter, request *http.Request) {
	var post inbox.Webhook
	if err := json.NewDecoder(request.Body).Decode(&post); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	now, to := time.Now(), strings.TrimPrefix(request.URL.Path, "/")
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[to] == nil {
		r.known[to] = map[string]message{}
	}
	for _, a := range post.Alerts {
		if a.Labels["rule_id"] != "mysql_down" || a.Status != "firing" {
			continue
		}
		m, ok := r.known[to][a.Labels["instance"]]
		if !ok {
			m = message{at: now, startsAt: a.StartsAt}
		}
		m.times++
		r.known[to][a.Labels["instance"]] = m
	}
}

func (r *receiver) told(to string) map[string]message {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := make(map[string]message, len(r.known[to]))
	for name, m := range r.known[to] {
		told[name] = m
	}
	return told
}

// await waits until every receiver was told of every server, or ctx ends.
func (r *receiver) await(ctx context.Context, names []string) {
	for sleep(ctx, time.Second) == nil {
		missing := 0
		for _, to := range immediate {
			told := r.told(to)
			for _, name := range names {
				if _, ok := told[name]; !ok {
					missing++
				}
			}
		}
		if missing == 0 {
			return
		}
	}
}

// quantiles writes the median, the 99th percentile and the longest, in seconds.
func quantiles(all []time.Duration) string {
	if len(all) == 0 {
		return "-"
	}
	slices.Sort(all)
	at := func(q float64) float64 { return all[min(len(all)-1, int(q*float64(len(all))))].Seconds() }
	return fmt.Sprintf("%.1f, %.1f, %.1f", at(0.5), at(0.99), at(1))
}
