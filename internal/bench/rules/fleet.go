// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/backfill"
	"github.com/easy-erp/dbsync/internal/bench/template"
)

// failing: every tenth server is as in the template that has things broken.
const failing = 10

// recent is the age up to which a time stands for something that goes on, and moves with the clock.
const recent = 10 * time.Minute

// fleet answers scrapes as the exporter does, of many servers that are all like one of two templates.
type fleet struct {
	names    []string
	listener net.Listener
	server   *http.Server
	pages    map[bool][]line // by whether things are broken
	taken    time.Time
}

// line is a series of an answer.
type line struct {
	series string // name and labels, as in the text format, and a space
	kind   backfill.Kind
	level  float64
	age    time.Duration // of a time that moves
}

func newFleet(n int, healthy, broken []template.Sample, taken time.Time) (*fleet, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &fleet{listener: listener, taken: taken, pages: map[bool][]line{false: page(healthy, taken), true: page(broken, taken)}}
	for i := range n {
		f.names = append(f.names, fmt.Sprintf("db%04d", i+1))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/probe", func(w http.ResponseWriter, r *http.Request) { f.answer(w, r.URL.Query().Get("target")) })
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) { f.answer(w, f.names[0]) })
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {}) // an Alertmanager that is content
	f.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = f.server.Serve(listener) }()
	return f, nil
}

func (f *fleet) address() string { return f.listener.Addr().String() }
func (f *fleet) close() error    { return f.server.Close() }

// isBroken tells the servers on which things are broken.
func (f *fleet) isBroken(name string) bool { return slices.Index(f.names, name)%failing == failing-1 }

func page(samples []template.Sample, taken time.Time) []line {
	var lines []line
	for _, s := range samples {
		name := string(s.Metric[model.MetricNameLabel])
		one := line{kind: s.Kind, level: s.Level}
		if age := taken.Sub(time.UnixMilli(int64(s.Level * 1000))); strings.HasSuffix(name, "_timestamp_seconds") && age > 0 && age < recent {
			one.age = age
		}
		own := s.Metric.Clone()
		delete(own, "instance")
		delete(own, "job")
		one.series = own.String() + " "
		lines = append(lines, one)
	}
	return lines
}

func (f *fleet) answer(w http.ResponseWriter, name string) {
	now := time.Now()
	var text bytes.Buffer
	for _, l := range f.pages[f.isBroken(name)] {
		text.WriteString(l.series)
		text.Write(strconv.AppendFloat(text.AvailableBuffer(), l.value(now, now.Sub(f.taken)), 'g', -1, 64))
		text.WriteByte('\n')
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_, _ = w.Write(text.Bytes())
}

func (l line) value(now time.Time, since time.Duration) float64 {
	switch {
	case l.age > 0:
		return float64(now.Add(-l.age).Unix())
	case l.kind == backfill.Rising:
		return float64(int64(l.level * since.Seconds()))
	case l.kind == backfill.Wavering:
		return l.level * (1 + 0.05*rand.Float64())
	}
	return l.level
}
