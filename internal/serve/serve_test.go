// SPDX-License-Identifier: Apache-2.0

//go:build unix

package serve_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/easy-erp/dbsync/internal/alertlab"
	"github.com/easy-erp/dbsync/internal/oncall"
	"github.com/easy-erp/dbsync/internal/serve"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// site is a server in front of a real Alertmanager, and a Prometheus that answers
// what the test says.
type site struct {
	*httptest.Server
	t   *testing.T
	lab *alertlab.Lab
}

func start(t *testing.T, answer string) *site {
	t.Helper()
	lab := alertlab.Start(t, testenv.New, nil)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	cluster, err := oncall.New(oncall.Options{URLs: []string{lab.Alertmanager.URL()}, HTTP: client, Settle: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	record := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if answer == "" {
			http.Error(w, "no", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(record.Close)
	asked, err := api.NewClient(api.Config{Address: record.URL, Client: client})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(serve.New(serve.Options{Cluster: cluster, Prometheus: prometheus.NewAPI(asked)}).Handler())
	t.Cleanup(s.Close)
	return &site{s, t, lab}
}

// do makes a request and returns the code and the answer.
func (s *site) do(method, path, body string, header ...string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.SetBasicAuth("lilei", "not checked here")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// fire posts an alert and returns its address.
func (s *site) fire(labels ...string) string {
	s.t.Helper()
	s.lab.Fire(s.t, alertlab.Labels(labels...))
	var path string
	testenv.Eventually(s.t, 10*time.Second, "the alert is on the page", func() error {
		_, text := s.do(http.MethodGet, "/", "")
		_, rest, found := strings.Cut(text, `<a href="/alerts/`)
		if !found {
			return fmt.Errorf("%s", text)
		}
		fingerprint, _, _ := strings.Cut(rest, `"`)
		path = "/alerts/" + fingerprint
		return nil
	})
	return path
}

func (s *site) shows(what string) {
	s.t.Helper()
	testenv.Eventually(s.t, 10*time.Second, "the page shows "+what, func() error {
		if _, text := s.do(http.MethodGet, "/", ""); !strings.Contains(text, what) {
			return fmt.Errorf("%s", text)
		}
		return nil
	})
}

var down = []string{"alertname", "MySQLDown", "instance", "erp-primary", "severity", "critical", "component", "mysql", "rule_id", "mysql_down"}

func TestOnCallPage(t *testing.T) {
	s := start(t, "")
	s.shows("Nothing fires.")
	path := s.fire(down...)
	if code, text := s.do(http.MethodGet, path, ""); code != http.StatusOK || !strings.Contains(text, "Acknowledge") || !strings.Contains(text, "<option>webhook_oncall</option>") {
		t.Fatalf("%d %s", code, text)
	}
	if code, _ := s.do(http.MethodGet, path+"/ack", ""); code != http.StatusMethodNotAllowed && code != http.StatusNotFound {
		t.Errorf("a link that is followed answers %d", code)
	}
	form := url.Values{"reason": {"restarting it"}, "extend": {"1"}}.Encode()
	if code, _ := s.do(http.MethodPost, path+"/ack", form, "Sec-Fetch-Site", "cross-site"); code != http.StatusForbidden {
		t.Errorf("another site may acknowledge: %d", code)
	}
	if _, text := s.do(http.MethodGet, "/", ""); strings.Contains(text, "has it") {
		t.Fatal("it is acknowledged, and nobody asked for it")
	}
	if code, text := s.do(http.MethodPost, path+"/ack", form, "Sec-Fetch-Site", "same-origin"); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, text)
	}
	s.shows("<strong>lilei</strong> has it: restarting it")
	if code, text := s.do(http.MethodPost, path+"/unack", ""); code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, text)
	}
	if code, text := s.do(http.MethodPost, path+"/escalate", "to=nobody_knows"); code != http.StatusBadGateway || !strings.Contains(text, "nobody_knows") {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := s.do(http.MethodPost, path+"/escalate", "to=webhook_oncall"); code != http.StatusSeeOther {
		t.Errorf("%d", code)
	}
	s.lab.WaitTold(t, "webhook_oncall", "firing", alertlab.Labels("rule_id", "mysql_down", "escalate", "webhook_oncall"), 1)
	if code, text := s.do(http.MethodGet, "/alerts/0000000000000000", ""); code != http.StatusNotFound || !strings.Contains(text, "does not fire") {
		t.Errorf("%d %s", code, text)
	}
}

func TestLabelsCannotWriteThePage(t *testing.T) {
	s := start(t, "")
	s.fire("alertname", `<script>alert(1)</script>`, "instance", `"><img src=x>`, "severity", "critical", "component", "mysql", "rule_id", "x")
	if _, text := s.do(http.MethodGet, "/", ""); strings.Contains(text, "<script>") || strings.Contains(text, "<img") {
		t.Error(text)
	}
}

func TestAPI(t *testing.T) {
	s := start(t, "")
	path := "/api" + s.fire(down...)
	for _, c := range []struct {
		path, body, want string
		code             int
	}{
		{path + "/ack", `{"reason":"on it","for":"1h"}`, `{"done":"acknowledged by lilei"}`, 200},
		{path + "/ack", `{"for":"soon"}`, `want a duration`, 400},
		{path + "/ack", `{"until":"x"}`, `unknown field`, 400},
		{path + "/explode", ``, `there are ack`, 400},
		{path + "/escalate", ``, `name the receiver`, 400},
		{"/api/alerts/0000000000000000/ack", ``, `does not fire`, 404},
	} {
		if code, text := s.do(http.MethodPost, c.path, c.body); code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("POST %s %s: %d %s, want %d %s", c.path, c.body, code, text, c.code, c.want)
		}
	}
	s.shows("<strong>lilei</strong> has it")
	if code, text := s.do(http.MethodPost, "/api/alerts", `{"labels":{"alertname":"RaidDegraded"}}`); code != http.StatusBadRequest || !strings.Contains(text, "severity") {
		t.Errorf("%d %s", code, text)
	}
	if code, text := s.do(http.MethodPost, "/api/alerts", `{"labels":{"alertname":"RaidDegraded","severity":"critical"},"for":"5m"}`); code != http.StatusCreated || !strings.Contains(text, `"id":"`) {
		t.Errorf("%d %s", code, text)
	}
	s.shows("RaidDegraded")
	if code, text := s.do(http.MethodGet, "/api/openapi.yaml", ""); code != http.StatusOK || !strings.Contains(text, "openapi: 3.1.0") {
		t.Errorf("%d %s", code, text)
	}
	if code, text := s.do(http.MethodGet, "/health", ""); code != http.StatusServiceUnavailable || !strings.Contains(text, "unhealthy") {
		t.Errorf("without a Prometheus: %d %s", code, text)
	}
	if code, _ := s.do(http.MethodGet, "/api/alerts?since=yesterday", ""); code != http.StatusBadRequest {
		t.Errorf("%d", code)
	}
}

// TestFiringIsActedOnByItsID: the id that the list gives is the one to acknowledge by,
// though Prometheus sends more labels than it records.
func TestFiringIsActedOnByItsID(t *testing.T) {
	s := start(t, fmt.Sprintf(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"ALERTS",
		"alertstate":"firing","alertname":"MySQLDown","rule_id":"mysql_down","severity":"critical"},"values":[[%d,"1"]]}]}}`, time.Now().Unix()))
	s.fire(append(down, "cluster", "external")...)
	var episodes []struct{ ID, Status string }
	code, text := s.do(http.MethodGet, "/api/alerts", "")
	if err := json.Unmarshal([]byte(text), &episodes); err != nil || len(episodes) != 1 || episodes[0].Status != "firing" {
		t.Fatalf("%d %s", code, text)
	}
	if code, text := s.do(http.MethodPost, "/api/alerts/"+episodes[0].ID+"/ack", `{"reason":"mine"}`); code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	testenv.Eventually(t, 10*time.Second, "the list names who has it", func() error {
		if _, text := s.do(http.MethodGet, "/api/alerts", ""); !strings.Contains(text, `"acknowledged":{"by":"lilei","reason":"mine"`) {
			return fmt.Errorf("%s", text)
		}
		return nil
	})
}

func TestRecord(t *testing.T) {
	now := time.Now().Unix()
	s := start(t, fmt.Sprintf(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"ALERTS",
		"alertstate":"firing","alertname":"BackupFailure","rule_id":"backup_failure","severity":"warning"},"values":[[%d,"1"]]}]}}`, now-3600))
	code, text := s.do(http.MethodGet, "/api/alerts?since=24h", "")
	for _, want := range []string{`"id":"`, `"severity":"warning"`, `"ruleName":"BackupFailure"`, `"status":"resolved"`} {
		if code != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%d %s: no %s", code, text, want)
		}
	}
}
