// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/internal/inbox"
)

// told are the receivers that the shipped routes tell of MySQLDown at once.
var told = []string{"email_admin", "slack_ops"}

// notice is one alert in one message.
type notice struct {
	at, startsAt             time.Time
	receiver, status, server string
}

// receiver takes what the Alertmanagers post, to /NAME for each receiver, and may fail or take its time.
type receiver struct {
	listener net.Listener
	server   *http.Server
	mu       sync.Mutex
	notices  []notice
	failing  map[string]bool
	delay    map[string]time.Duration
}

func newReceiver() (*receiver, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{listener: listener, failing: map[string]bool{}, delay: map[string]time.Duration{}}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

func (r *receiver) address() string { return r.listener.Addr().String() }
func (r *receiver) close() error    { return r.server.Close() }

// set lets a receiver fail, or be slow.
func (r *receiver) set(name string, failing bool, delay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing[name], r.delay[name] = failing, delay
}

func (r *receiver) fails(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failing[name]
}

func (r *receiver) take(w http.ResponseWriter, request *http.Request) {
	var post inbox.Webhook
	if err := json.NewDecoder(request.Body).Decode(&post); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	to := strings.TrimPrefix(request.URL.Path, "/")
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing[to] {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	// A slow receiver has the message, and answers late.
	for _, a := range post.Alerts {
		if a.Labels["rule_id"] == "mysql_down" {
			r.notices = append(r.notices, notice{time.Now(), a.StartsAt, to, a.Status, a.Labels["instance"]})
		}
	}
	delay := r.delay[to]
	r.mu.Unlock()
	time.Sleep(delay)
	r.mu.Lock()
}

func (r *receiver) all() []notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.notices)
}
