// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
)

// report is the JSON of a run, which the exporter's /api/v1/openapi.yaml describes.
type report struct {
	ID                      string             `json:"id"`
	RunType                 string             `json:"run_type"`
	Task                    string             `json:"task"`
	Status                  Status             `json:"status"`
	Start                   time.Time          `json:"start"`
	End                     *time.Time         `json:"end,omitempty"`
	ExitCode                *int               `json:"exit_code,omitempty"`
	SizeBytes               *int64             `json:"size_bytes,omitempty"`
	ExpectedIntervalSeconds float64            `json:"expected_interval_seconds,omitempty"`
	Values                  map[string]float64 `json:"values,omitempty"`
}

const maxValues = 20

var (
	runTypePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)
	taskPattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	valuePattern   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// check refuses what the exporter would: nobody hears of a file that it refuses.
func (r report) check() error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(!runTypePattern.MatchString(r.RunType), "run type %q: want up to 50 lower case letters, digits and underscores", r.RunType)
	add(!taskPattern.MatchString(r.Task), "task %q: want up to 100 letters, digits, dots, dashes and underscores", r.Task)
	add(!r.Status.valid(), "status %q: want success, failed, timeout, partial or lost", r.Status)
	add(r.SizeBytes != nil && *r.SizeBytes < 0, "a negative size")
	add(r.ExpectedIntervalSeconds < 0, "a negative interval")
	add(len(r.Values) > maxValues, "%d values: at most %d are kept", len(r.Values), maxValues)
	for name, value := range r.Values {
		add(!valuePattern.MatchString(name), "value %q: want lower case letters, digits and underscores", name)
		add(math.IsNaN(value) || math.IsInf(value, 0), "value %s is not a number", name)
	}
	return errors.Join(errs...)
}

// valid reports whether a report may have the status.
func (s Status) valid() bool {
	switch s {
	case Success, Failed, Timeout, Partial, Lost, running:
		return true
	}
	return false
}

// checkList refuses what would be another list than the one that is meant: a line is
// a name.
func checkList(name string, files []string) error {
	switch {
	case !taskPattern.MatchString(name):
		return fmt.Errorf("name %q: want up to 100 letters, digits, dots, dashes and underscores", name)
	case len(files) == 0:
		return errors.New("there are none")
	}
	for _, file := range files {
		if file == "" || strings.ContainsAny(file, "\r\n") || strings.HasPrefix(file, "{") {
			return fmt.Errorf("%q is no file's name", file)
		}
	}
	return nil
}
