// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// API is an HTTP interface to watch.
type API struct {
	Name      string
	AccessLog string // empty: none is read
	Format    string
	Fields    map[string]string
	Pattern   string // a regular expression
	Unit      time.Duration
	Routes    []string
	Objective float64 // 0: no promise
	Latency   time.Duration
	Probe     Probe
}

// Probe is a request that is made of an API.
type Probe struct {
	URL     string // empty: none is made
	Method  string
	Codes   []int
	Body    string // a regular expression
	Timeout time.Duration
	CAFile  string
}

// Log is a log of which lines are counted.
type Log struct {
	Name, Path, Format string
	Patterns           map[string]string // regular expressions
	ExpectedInterval   time.Duration     // 0: no promise
}

// timeUnits are what a log's durations may count.
var timeUnits = map[string]time.Duration{
	"": 0, "s": time.Second, "ms": time.Millisecond, "us": time.Microsecond, "ns": time.Nanosecond,
}

func (e *apiEntry) setDefaults() {
	if e.AccessLog != "" {
		setDefault(&e.Format, "json")
	}
	if e.Probe != "" {
		setDefault(&e.ProbeMethod, "GET")
		setDefault(&e.ProbeTimeout, duration(5*time.Second))
	}
}

func (v *validator) apis(entries []apiEntry) {
	names := map[string]bool{}
	for i, e := range entries {
		key := fmt.Sprintf("apis[%d]", i)
		v.name(key+".name", e.Name, names)
		if e.AccessLog == "" && e.Probe == "" {
			v.add(key, "there is nothing to watch: give it an access_log or a probe")
		}
		v.accessLog(key, e)
		v.probe(key, e)
		v.config.apis = append(v.config.apis, API{
			Name: e.Name, AccessLog: e.AccessLog, Format: e.Format, Fields: maps.Clone(e.Fields), Pattern: e.Pattern,
			Unit: timeUnits[e.Unit], Routes: slices.Clone(e.Routes),
			Objective: float64(e.Objective), Latency: time.Duration(e.LatencyObjective),
			Probe: Probe{
				URL: e.Probe, Method: e.ProbeMethod, Codes: slices.Clone(e.ProbeCodes), Body: e.ProbeBody,
				Timeout: time.Duration(e.ProbeTimeout), CAFile: e.ProbeCAFile,
			},
		})
	}
}

func (v *validator) accessLog(key string, e apiEntry) {
	const without = "there is no access_log to read it from"
	if e.AccessLog == "" {
		v.unused(key+".format", e.Format, without)
		v.unused(key+".pattern", e.Pattern, without)
		v.unused(key+".unit", e.Unit, without)
		v.unused(key+".fields", strings.Join(slices.Collect(maps.Keys(e.Fields)), ""), without)
		v.unused(key+".routes", strings.Join(e.Routes, ""), without)
		return
	}
	v.absolute(key+".access_log", e.AccessLog)
	if formats := v.known.AccessFormats; len(formats) > 0 {
		v.oneOf(key+".format", e.Format, formats...)
	}
	if e.Format == "pattern" {
		v.required(key+".pattern", e.Pattern)
	} else {
		v.unused(key+".pattern", e.Pattern, "only for format: pattern")
	}
	if expression := v.expression(key+".pattern", e.Pattern); expression != nil && expression.SubexpIndex("code") < 0 {
		v.add(key+".pattern", "no group is named code: write (?P<code>...) around the status code")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		v.oneOf(key+".fields."+name, name, "line", "method", "path", "code", "duration")
	}
	if _, ok := timeUnits[e.Unit]; !ok {
		v.add(key+".unit", "%q: want s, ms, us or ns", e.Unit)
	}
	if v.known.Route != nil {
		for i, template := range e.Routes {
			if err := v.known.Route(template); err != nil {
				v.add(fmt.Sprintf("%s.routes[%d]", key, i), "%v", err)
			}
		}
	}
}

func (v *validator) probe(key string, e apiEntry) {
	if e.Probe == "" {
		const without = "there is no probe"
		v.unused(key+".probe_method", e.ProbeMethod, without)
		v.unused(key+".probe_body", e.ProbeBody, without)
		v.unused(key+".probe_ca_file", e.ProbeCAFile, without)
		return
	}
	u, err := url.Parse(e.Probe)
	switch {
	case err != nil:
		v.add(key+".probe", "not a URL: want http://host/path or https://host/path") // err would show a password in it
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		v.add(key+".probe", "want http://host/path or https://host/path")
	case u.User != nil:
		v.add(key+".probe", "a user and password do not belong into a URL: it is shown in many places")
	}
	v.oneOf(key+".probe_method", e.ProbeMethod, "GET", "HEAD", "POST", "OPTIONS")
	for i, code := range e.ProbeCodes {
		if code < 100 || code > 599 {
			v.add(fmt.Sprintf("%s.probe_codes[%d]", key, i), "%d: want a status code, 100 to 599", code)
		}
	}
	v.expression(key+".probe_body", e.ProbeBody)
	v.absolute(key+".probe_ca_file", e.ProbeCAFile)
}

func (v *validator) logs(entries []logEntry) {
	names := map[string]bool{}
	for i, e := range entries {
		key := fmt.Sprintf("logs[%d]", i)
		v.name(key+".name", e.Name, names)
		v.required(key+".path", e.Path)
		v.absolute(key+".path", e.Path)
		if formats := v.known.LogFormats; len(formats) > 0 {
			v.oneOf(key+".format", e.Format, formats...)
		}
		for _, name := range slices.Sorted(maps.Keys(e.Patterns)) {
			v.expression(key+".patterns."+name, e.Patterns[name])
		}
		v.config.logs = append(v.config.logs, Log{e.Name, e.Path, e.Format, maps.Clone(e.Patterns), time.Duration(e.ExpectedInterval)})
	}
}

// expression checks a regular expression; nil when it is none.
func (v *validator) expression(key, text string) *regexp.Regexp {
	expression, err := regexp.Compile(text)
	if err != nil {
		v.add(key, "not a regular expression (RE2): %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return nil
	}
	if text == "" {
		return nil
	}
	return expression
}
