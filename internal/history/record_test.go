// SPDX-License-Identifier: Apache-2.0

//go:build unix

package history_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/history"
	"github.com/easy-erp/dbsync/internal/oncall"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// TestRealRecord has a real Alertmanager record an alert that is told to two
// receivers and acknowledged by alice.
func TestRealRecord(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	posts := testenv.Hook(t)
	record := filepath.Join(t.TempDir(), "events.jsonl")
	config := filepath.Join(t.TempDir(), "alertmanager.yml")
	text := fmt.Sprintf(`
event_recorder: {file_outputs: [{path: %q}]}
route:
  receiver: first
  group_by: ["..."]
  group_wait: 0s
  routes: [{receiver: first, continue: true}, {receiver: second}]
receivers:
  - {name: first, webhook_configs: [{url: "%[2]s/first"}]}
  - {name: second, webhook_configs: [{url: "%[2]s/second"}]}
`, record, posts.URL())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server := testenv.Alertmanager(t, testenv.New, config, "--enable-feature=event-recorder")
	cluster, err := oncall.New(oncall.Options{
		URLs: []string{server.URL()}, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	labels := map[string]string{"alertname": "MySQLDown", "instance": "a", "rule_id": "mysql_down", "severity": "critical", "cluster": "x"}
	alert := oncall.Alert{Labels: labels, StartsAt: began}
	if err := cluster.Post(ctx, alert); err != nil {
		t.Fatal(err)
	}
	episodes := func() []history.Episode {
		e := history.Episode{From: began.Truncate(time.Minute), To: time.Now(), Labels: map[string]string{}}
		for _, name := range []string{"alertname", "instance", "rule_id", "severity"} { // without what is external
			e.Labels[name] = labels[name]
		}
		other := e
		other.Labels = map[string]string{"alertname": "MySQLDown", "instance": "b"}
		return []history.Episode{e, other}
	}
	var got []history.Episode
	read := func(wanted func(history.Episode) bool) func() error {
		return func() error {
			file, err := os.Open(record)
			if err != nil {
				return err
			}
			defer file.Close()
			var r history.Record
			if err := r.ReadEvents(file, "events.jsonl"); err != nil {
				return err
			}
			got = episodes()
			r.Tell(got, time.Minute)
			if !wanted(got[0]) {
				return fmt.Errorf("so far %+v", got[0])
			}
			return nil
		}
	}
	testenv.Eventually(t, 20*time.Second, "both notifications are recorded", read(func(e history.Episode) bool { return len(e.Notified) == 2 }))
	if _, err := cluster.Acknowledge(ctx, alert, "alice", "I look", time.Hour, false); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 20*time.Second, "the acknowledgement is recorded", read(func(e history.Episode) bool { return e.Acknowledged != nil }))
	if a := got[0].Acknowledged; a.By != "alice" || a.Reason != "I look" || a.After <= 0 || a.After > time.Minute {
		t.Errorf("%+v", a)
	}
	receivers := got[0].Notified[0].Receiver + " " + got[0].Notified[1].Receiver
	if receivers != "first second" && receivers != "second first" {
		t.Errorf("told: %s", receivers)
	}
	if other := got[1]; other.Acknowledged != nil || other.Notified != nil {
		t.Errorf("another server's alert was told and taken: %+v", other)
	}
	// Alertmanager itself remembers the acknowledgement after it was taken back.
	if _, err := cluster.Unacknowledge(ctx, alert); err != nil {
		t.Fatal(err)
	}
	if acks, err := cluster.Acks(ctx); err != nil || len(acks) != 0 {
		t.Errorf("acknowledgements in force: %v %v", acks, err)
	}
	if acks, err := cluster.PastAcks(ctx); err != nil || len(acks) != 1 || acks[0].By != "alice" {
		t.Errorf("all acknowledgements: %v %v", acks, err)
	}
}

func TestBrokenRecordNamesItsLine(t *testing.T) {
	const good = `{"@timestamp":"2026-11-24T00:00:00Z","data":{"alertmanagerStartupEvent":{}}, "what": "comes later"}` + "\n"
	var r history.Record
	if err := r.ReadEvents(strings.NewReader(good+"\n"+good+`{"@timestamp":`), "f"); err != nil {
		t.Errorf("a line that is being written: %v", err)
	}
	if err := r.ReadEvents(strings.NewReader(good+"nonsense\n"+good), "f"); err == nil || !strings.Contains(err.Error(), "f:2: ") {
		t.Errorf("%v", err)
	}
}
