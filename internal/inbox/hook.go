// SPDX-License-Identifier: Apache-2.0

package inbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Post is one request that a Hook received.
type Post struct {
	At     time.Time // arrival of the whole body
	Path   string
	Header http.Header
	Body   []byte
	Status int // what was answered
}

// Webhook is what Alertmanager posts to a webhook receiver, version 4 of its format.
type Webhook struct {
	Receiver          string            `json:"receiver"`
	Status            string            `json:"status"` // firing or resolved
	GroupKey          string            `json:"groupKey"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`
	Alerts            []WebhookAlert    `json:"alerts"`
}

// WebhookAlert is one alert of a Webhook.
type WebhookAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// Slack is what Alertmanager posts to a Slack incoming webhook.
type Slack struct {
	Channel     string            `json:"channel"`
	Username    string            `json:"username"`
	Text        string            `json:"text"`
	Attachments []SlackAttachment `json:"attachments"`
}

// SlackAttachment is one attachment of a Slack message.
type SlackAttachment struct {
	Title     string       `json:"title"`
	TitleLink string       `json:"title_link"`
	Text      string       `json:"text"`
	Fallback  string       `json:"fallback"`
	Color     string       `json:"color"`
	Fields    []SlackField `json:"fields"`
}

// SlackField is one field of an attachment.
type SlackField struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

// Webhook reads the body as a webhook of Alertmanager.
func (p Post) Webhook() (message Webhook, err error) { return message, p.decode(&message) }

// Slack reads the body as a Slack message.
func (p Post) Slack() (message Slack, err error) { return message, p.decode(&message) }

func (p Post) decode(into any) error {
	if err := json.Unmarshal(p.Body, into); err != nil {
		return fmt.Errorf("body of the post to %s: %w", p.Path, err)
	}
	return nil
}

// String is the post in a line or a few, for messages.
func (p Post) String() string {
	return fmt.Sprintf("%s POST %s %s", p.At.Format(time.TimeOnly), p.Path, strings.TrimSpace(string(p.Body)))
}

// Hook is an HTTP receiver that keeps every request, whatever its path.
type Hook struct {
	*box[Post]
	listener net.Listener
	server   *http.Server
	status   atomic.Int64
}

// OpenHook listens on the address; "127.0.0.1:0" takes any free port. The caller closes the hook.
func OpenHook(address string) (*Hook, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	hook := &Hook{box: newBox[Post](), listener: listener}
	hook.Answer(http.StatusOK)
	hook.server = &http.Server{Handler: http.HandlerFunc(hook.receive), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = hook.server.Serve(listener) }()
	return hook, nil
}

func (h *Hook) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSize))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	status := int(h.status.Load())
	h.add(Post{At: time.Now(), Path: r.URL.Path, Header: r.Header, Body: body, Status: status})
	w.WriteHeader(status)
	if status == http.StatusOK {
		_, _ = io.WriteString(w, "ok") // Slack's own answer, which its clients look for
	}
}

// Answer sets the status of all further answers: a receiver that is out of order, for instance.
func (h *Hook) Answer(status int) { h.status.Store(int64(status)) }

// URL is the address of the receiver, as http://host:port.
func (h *Hook) URL() string { return "http://" + h.listener.Addr().String() }

// Close ends the receiver and its connections. What it received stays readable.
func (h *Hook) Close() error { return h.server.Close() }
