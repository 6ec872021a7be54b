// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // validates zones on machines without a database of them

	"github.com/prometheus/alertmanager/timeinterval"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/yamledit"
)

// businessHours is the name of the interval, and the value of During.
const (
	businessHours = "business_hours"
	offHours      = "off_hours"
)

// BusinessHours is when people are at work.
type BusinessHours struct {
	Location string   `yaml:"location"` // IANA zone, such as Asia/Shanghai; empty: no hours are defined
	Weekdays []string `yaml:"weekdays"` // monday:friday when empty
	Times    []string `yaml:"times"`    // 09:00-18:00 when empty; none may cross midnight
}

// intervals returns time_intervals of Alertmanager, nil when there are none.
func (b BusinessHours) intervals() []field {
	if b.Location == "" {
		return nil
	}
	weekdays, times := b.Weekdays, b.Times
	if len(weekdays) == 0 {
		weekdays = []string{"monday:friday"}
	}
	if len(times) == 0 {
		times = []string{"09:00-18:00"}
	}
	var ranges []any
	for _, t := range times {
		var start, end string
		if len(t) == len("09:00-18:00") {
			start, end = t[:5], t[6:]
		}
		ranges = append(ranges, []field{{"start_time", start}, {"end_time", end}})
	}
	return []field{
		{"name", businessHours},
		{"time_intervals", []any{[]field{
			{"times", ranges}, {"weekdays", weekdays}, {"location", b.Location},
		}}},
	}
}

func (b BusinessHours) validate() error {
	if b.Location == "" {
		if len(b.Weekdays)+len(b.Times) > 0 {
			return errors.New("location: missing")
		}
		return nil
	}
	if _, err := time.LoadLocation(b.Location); err != nil {
		return fmt.Errorf("location: %w", err)
	}
	node, err := encode(b.intervals())
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(yamledit.Get(node, "time_intervals"))
	if err != nil {
		return err
	}
	var parsed []timeinterval.TimeInterval
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		return fmt.Errorf("weekdays %q, times %q (such as 09:00-18:00): %w", b.Weekdays, b.Times, err)
	}
	return nil
}
