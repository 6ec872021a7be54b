// SPDX-License-Identifier: Apache-2.0

package app

import (
	"regexp"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

// Options are what to read beside one target.
type Options struct {
	// StateDir keeps positions and counts across restarts. Empty: they begin anew.
	StateDir string
	APIs     []API
	Logs     []Log
}

// API is a gateway, or anything that answers HTTP requests and logs them.
type API struct {
	Name string
	// AccessLog is its log's path; empty: only the probe is made.
	AccessLog string
	Format    Format
	// Routes are templates of paths, such as /orders/{id} or /static/*. The first
	// that matches counts the request; the others are counted as "other".
	Routes []string
	// Objective is the share of requests that must not fail; 0: none was promised.
	Objective float64
	// Latency is what a request may take; 0: no promise.
	Latency time.Duration
	// Probe is a request of our own; nil: none is made.
	Probe *Probe
}

// Format says how the lines of an access log are written.
type Format struct {
	// Name is one of [Formats].
	Name string
	// Fields overrides where a JSON format keeps method, path, code and duration,
	// by gjson's path (github.com/tidwall/gjson/blob/master/SYNTAX.md).
	Fields map[string]string
	// Unit is what one of the log's duration is; 0: the format's own.
	Unit time.Duration
	// Pattern, of the format "pattern", has groups named method, path, code and
	// duration, of which only code is needed.
	Pattern *regexp.Regexp
}

// Probe is a request that is made from time to time.
type Probe struct {
	URL    string
	Method string // empty: GET
	// Codes are the expected ones; empty: 200 to 299.
	Codes []int
	// Body must match what comes back; nil: anything may.
	Body    *regexp.Regexp
	Timeout time.Duration // 0: 5 s
	CAFile  string        // empty: the system's authorities
}

// Log is a log of which lines are counted.
type Log struct {
	Name string
	Path string
	// Format is one of [LogFormats].
	Format string
	// Patterns count the lines that they match, by name.
	Patterns map[string]*regexp.Regexp
	// ExpectedInterval is how long it may be silent; 0: no promise.
	ExpectedInterval time.Duration
}

const (
	logsEvery    = time.Second
	logsDeadline = 10 * time.Second
	probeEvery   = 15 * time.Second
)

// Definitions declares the collectors.
func Definitions(opts Options) []collector.Definition {
	return []collector.Definition{
		{
			Name:     "app.access",
			Help:     "Requests, errors and response times of an API gateway, from its access log.",
			Default:  true,
			Cost:     "One stat per second and log; about 1 microsecond per line.",
			Every:    logsEvery,
			Deadline: logsDeadline,
			Families: accessFamilies,
			New:      func(t *collector.Target) collector.Collector { return newAccess(opts, t) },
		},
		{
			Name:     "app.probe",
			Help:     "Whether an API answers a request of our own, how fast, and how long its certificate is good for.",
			Default:  true,
			Cost:     "One HTTP request per API every 15 seconds.",
			Every:    probeEvery,
			Families: probeFamilies,
			New:      func(t *collector.Target) collector.Collector { return newProbes(opts.APIs, t) },
		},
		{
			Name:     "app.log",
			Help:     "Lines per level and per pattern of the logs that the configuration names, and the slow query log's figures.",
			Default:  true,
			Cost:     "One stat per second and log; about 1 microsecond per line, and what the patterns take.",
			Every:    logsEvery,
			Deadline: logsDeadline,
			Families: logFamilies,
			New:      func(t *collector.Target) collector.Collector { return newLogs(opts, t) },
		},
	}
}
