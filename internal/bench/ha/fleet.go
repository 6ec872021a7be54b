// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// fleet answers as the exporter does for many servers, as far as MySQLDown and what it mutes read it.
type fleet struct {
	names    []string
	listener net.Listener
	server   *http.Server
	mu       sync.Mutex
	down     map[string]bool
}

func newFleet(n int) (*fleet, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &fleet{listener: listener, down: map[string]bool{}}
	for i := range n {
		f.names = append(f.names, fmt.Sprintf("server-%03d", i))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/probe", f.probe)
	mux.HandleFunc("/metrics", func(http.ResponseWriter, *http.Request) {})
	f.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = f.server.Serve(listener) }()
	return f, nil
}

func (f *fleet) address() string { return f.listener.Addr().String() }
func (f *fleet) close() error    { return f.server.Close() }

func (f *fleet) probe(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	up := 1
	if f.down[r.URL.Query().Get("target")] {
		up = 0
	}
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	fmt.Fprintf(w, "# TYPE dbsync_mysql_reachable gauge\ndbsync_mysql_reachable %d\n# TYPE mysql_up gauge\nmysql_up %d\n", up, up)
}

func (f *fleet) set(name string, down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down[name] = down
}
