// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"testing"
	"time"
)

func TestAPIsAndLogsArrive(t *testing.T) {
	c := load(t, "testdata/valid-apis.yml")
	wantAPIs := []API{
		{
			Name: "gateway", AccessLog: "/var/log/nginx/access.json", Format: "json", Fields: map[string]string{"code": "response.status"},
			Unit: time.Millisecond, Routes: []string{"/orders/{id}"}, Objective: .999, Latency: 500 * time.Millisecond,
			Probe: Probe{
				URL: "https://erp.example.com/health", Method: "HEAD", Codes: []int{200, 204}, Body: "UP$", Timeout: 2 * time.Second,
				CAFile: "/etc/dbsync/ca.pem",
			},
		},
		{Name: "probed", Probe: Probe{URL: "http://127.0.0.1:8080/", Method: "GET", Timeout: 5 * time.Second}},
	}
	if got := c.APIs(); !reflect.DeepEqual(got, wantAPIs) {
		t.Errorf("got  %+v\nwant %+v", got, wantAPIs)
	}
	wantLogs := []Log{
		{"mysqld", "/var/log/mysql/error.log", "mysql", map[string]string{"full": "disk full"}, time.Hour},
		{"flyway", "/var/log/flyway.log", "plain", nil, 0},
	}
	if got := c.Logs(); !reflect.DeepEqual(got, wantLogs) {
		t.Errorf("got  %+v\nwant %+v", got, wantLogs)
	}
}
