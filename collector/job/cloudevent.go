// SPDX-License-Identifier: Apache-2.0

package job

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// cloudEvent is what we read of an event in the JSON format of CloudEvents 1.0
// (github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).
// It may have any further attribute.
type cloudEvent struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject"`
	Time        time.Time `json:"time"`
	Data        eventData `json:"data"`
}

// eventData is what we understand of an event's data. Data of another kind is
// passed over.
type eventData struct {
	Status Status             `json:"status"`
	Start  time.Time          `json:"start"`
	Values map[string]float64 `json:"values"`
}

func (d *eventData) UnmarshalJSON(text []byte) error {
	type plain eventData
	if json.Unmarshal(text, (*plain)(d)) != nil {
		*d = eventData{}
	}
	return nil
}

// isCloudEvent reports whether a JSON object has the attribute that every
// CloudEvent has and no run.
func isCloudEvent(text []byte) bool {
	var probe struct {
		SpecVersion *string `json:"specversion"`
	}
	return json.Unmarshal(text, &probe) == nil && probe.SpecVersion != nil
}

// decodeCloudEvent reads an event as a run that has ended: its type is the run's
// type, its subject, or without one its source, the task.
func decodeCloudEvent(text []byte, now time.Time) (Run, error) {
	var e cloudEvent
	if err := json.Unmarshal(text, &e); err != nil {
		return Run{}, fmt.Errorf("not the JSON of a CloudEvent: %w", err)
	}
	if !strings.HasPrefix(e.SpecVersion, "1.") {
		return Run{}, &FieldError{"specversion", fmt.Sprintf("%.20q: version 1.0 is understood", e.SpecVersion)}
	}
	end := e.Time
	if end.IsZero() {
		end = now
	}
	start := e.Data.Start
	if start.IsZero() {
		start = end
	}
	status := e.Data.Status
	if status == "" {
		status = Success
	}
	task := e.Subject
	if task == "" {
		task = e.Source
	}
	return Run{
		ID: eventID(e), RunType: eventRunType(e.Type), Task: eventTask(task), Status: status,
		Start: start, End: end, Values: e.Data.Values,
	}, nil
}

// eventID is the event's: an id is unique within its source only, but so is a
// run's within its task.
func eventID(e cloudEvent) string { return strings.ReplaceAll(e.ID, " ", "_") }

// eventRunType makes a run's type of an event's, which is a name in reverse
// domain notation and may end with a version: of "dev.cdevents.service.deployed.0.2.0"
// the last two words remain, "service_deployed".
func eventRunType(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '.' || r == '/' || r == ':' })
	words = slices.DeleteFunc(words, func(w string) bool { return strings.Trim(w, "v0123456789-") == "" })
	if len(words) > 2 {
		words = words[len(words)-2:]
	}
	return notRunType.ReplaceAllString(strings.Join(words, "_"), "_")
}

// eventTask makes a task's name of a subject or a source, which may be a URL.
func eventTask(name string) string {
	return strings.Trim(notTask.ReplaceAllString(name, "-"), "-._")
}

var (
	notRunType = regexp.MustCompile(`[^a-z0-9_]+`)
	notTask    = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
)
