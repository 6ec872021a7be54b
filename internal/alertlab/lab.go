// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package alertlab runs a real Alertmanager with the shipped routes for a test.
// Every receiver is a path of one HTTP receiver, and the waits are short, both
// by values.
package alertlab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/alertmanager"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// Scale turns the last level, after an hour, into some seconds.
const Scale = 0.003

// Wait is a wait of the shipped files as the lab has it.
func Wait(shipped time.Duration) time.Duration { return time.Duration(float64(shipped) * Scale) }

// Lab is an Alertmanager and what its receivers were sent.
type Lab struct {
	Alertmanager *sandbox.Service
	Posts        testenv.Posts
	Config       string // path of its configuration
}

// Versions are what the editions are rendered for.
func Versions(edition sandbox.Edition) string {
	if edition == sandbox.Old {
		return "0.25.0"
	}
	return "0.33.1"
}

// Start runs an Alertmanager with the shipped routes; change may alter the
// values, nil leaves them.
func Start(t testing.TB, edition sandbox.Edition, change func(*render.Alertmanager), flags ...string) *Lab {
	t.Helper()
	posts := testenv.Hook(t)
	config := configFor(t, edition, posts, change)
	return &Lab{Alertmanager: testenv.Alertmanager(t, edition, config, flags...), Posts: posts, Config: config}
}

// configFor renders the shipped routes with every receiver a path of the hook.
func configFor(t testing.TB, edition sandbox.Edition, posts testenv.Posts, change func(*render.Alertmanager)) string {
	t.Helper()
	values := render.Alertmanager{
		Version: Versions(edition), Scale: Scale, Receivers: map[string]render.Receiver{"watchdog": hook(posts, "watchdog")},
	}
	for _, name := range render.Seed() {
		values.Receivers[name] = hook(posts, name)
	}
	if change != nil {
		change(&values)
	}
	return Write(t, values)
}

func hook(posts testenv.Posts, name string) render.Receiver {
	return render.Receiver{Webhook: &render.Webhook{URL: posts.URL() + "/" + name}}
}

// Write renders the shipped files into a folder and returns the path of the
// configuration.
func Write(t testing.TB, values render.Alertmanager) string {
	t.Helper()
	source, err := fs.ReadFile(alertmanager.Files, alertmanager.ConfigName)
	if err != nil {
		t.Fatal(err)
	}
	out, err := render.AlertmanagerConfig(source, render.Values{Alertmanager: values})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, alertmanager.Files); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{alertmanager.ConfigName: out.Text}
	for name, text := range out.Templates {
		files[filepath.Join("templates", name)] = text
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, alertmanager.ConfigName)
}

// Alert is an alert as Prometheus posts it. A zero EndsAt fires for minutes.
type Alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	StartsAt    time.Time         `json:"startsAt,omitzero"`
	EndsAt      time.Time         `json:"endsAt,omitzero"`
}

// Labels makes labels of pairs: "severity", "critical", ...
func Labels(pairs ...string) map[string]string {
	labels := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		labels[pairs[i]] = pairs[i+1]
	}
	return labels
}

// Post sends alerts to the Alertmanager.
func (l *Lab) Post(t testing.TB, alerts ...Alert) {
	t.Helper()
	Post(t, l.Alertmanager, alerts...)
}

// Post sends alerts to an Alertmanager, as Prometheus does.
func Post(t testing.TB, to *sandbox.Service, alerts ...Alert) {
	t.Helper()
	body, err := json.Marshal(alerts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL()+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", response.Status, answer)
	}
}

// Fire posts an alert that starts now and returns it.
func (l *Lab) Fire(t testing.TB, labels map[string]string) Alert {
	t.Helper()
	a := Alert{Labels: labels, StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour)}
	l.Post(t, a)
	return a
}

// Resolve posts that an alert is over.
func (l *Lab) Resolve(t testing.TB, a Alert) {
	t.Helper()
	a.EndsAt = time.Now()
	l.Post(t, a)
}

// Notice is one alert in one message to one receiver.
type Notice struct {
	At       time.Time
	Receiver string
	Status   string // firing or resolved
	Labels   map[string]string
}

// String is the notice in a line, for messages.
func (n Notice) String() string {
	return fmt.Sprintf("%s %s %s %v", n.At.Format("05.000"), n.Receiver, n.Status, n.Labels)
}

// Notices returns what the receivers were told so far of the alerts that have
// these labels, the earliest first.
func (l *Lab) Notices(t testing.TB, labels map[string]string) []Notice {
	t.Helper()
	var all []Notice
	for _, post := range l.Posts.All() {
		message, err := post.Webhook()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range message.Alerts {
			if contains(a.Labels, labels) {
				all = append(all, Notice{post.At, strings.TrimPrefix(post.Path, "/"), a.Status, a.Labels})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Notice) int { return a.At.Compare(b.At) })
	return all
}

func contains(all, some map[string]string) bool {
	rest := maps.Clone(some)
	maps.DeleteFunc(rest, func(name, value string) bool { return all[name] == value })
	return len(rest) == 0
}

// Receivers are the receivers of notices with a status, in order, each once.
func Receivers(notices []Notice, status string) []string {
	var names []string
	for _, n := range notices {
		if n.Status == status && !slices.Contains(names, n.Receiver) {
			names = append(names, n.Receiver)
		}
	}
	return names
}

// WaitTold waits until a receiver was told of the alerts with these labels for
// the n-th time with a status.
func (l *Lab) WaitTold(t testing.TB, receiver, status string, labels map[string]string, n int) Notice {
	t.Helper()
	var found Notice
	testenv.Eventually(t, 30*time.Second, fmt.Sprintf("%s is told %d times that %v is %s", receiver, n, labels, status), func() error {
		seen := 0
		notices := l.Notices(t, labels)
		for _, notice := range notices {
			if notice.Receiver == receiver && notice.Status == status {
				if seen++; seen == n {
					found = notice
					return nil
				}
			}
		}
		return fmt.Errorf("told so far: %v", notices)
	})
	return found
}
