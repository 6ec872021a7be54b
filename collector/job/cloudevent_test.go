// SPDX-License-Identifier: Apache-2.0

package job_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
)

func TestCloudEvents(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	at := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		text string
		want job.Run
	}{
		"deployment": {
			`{"specversion":"1.0","id":"7","source":"https://ci.example.com/erp","type":"dev.cdevents.service.deployed.0.2.0",
			  "subject":"erp","time":"2026-11-24T02:00:00Z","datacontenttype":"application/json","data":{"customData":{}}}`,
			job.Run{ID: "7", RunType: "service_deployed", Task: "erp", Status: job.Success, Start: at, End: at},
		},
		"failure with figures": {
			`{"specversion":"1.0","id":"8","source":"/backup","type":"com.example.backup.finished","time":"2026-11-24T02:00:00Z",
			  "data":{"status":"failed","start":"2026-11-24T01:00:00Z","values":{"tables":3}}}`,
			job.Run{
				ID: "8", RunType: "backup_finished", Task: "backup", Status: job.Failed, Start: at.Add(-time.Hour), End: at,
				Values: map[string]float64{"tables": 3},
			},
		},
		"no time, data that is no object, a source that is a URL": {
			`{"specversion":"1.0","id":"a b","source":"https://erp.example.com/a?b","type":"failover","data":"text"}`,
			job.Run{ID: "a_b", RunType: "failover", Task: "https-erp.example.com-a-b", Status: job.Success, Start: now, End: now},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := job.Decode([]byte(c.text), now)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			if err := got.Validate(now); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := job.Decode([]byte(`{"specversion":"2.0","id":"1"}`), now); err == nil || !strings.Contains(err.Error(), "specversion") {
		t.Errorf("another version was taken: %v", err)
	}
}
