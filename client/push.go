// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// pusher reports to the exporter's run API.
type pusher struct {
	runs      string // the address that takes them
	revisions string
	account   *url.Userinfo
	tokenFile string
	http      *http.Client
}

func newPusher(o Options) (*pusher, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("URL: want the exporter's, such as http://127.0.0.1:19104") // it may hold a password
	}
	if o.TokenFile == "" {
		return nil, errors.New("TokenFile: missing; it holds the token of the exporter's --web.run-token-file")
	}
	p := &pusher{account: u.User, tokenFile: o.TokenFile}
	u.User = nil
	p.runs, p.revisions = u.JoinPath("api/v1/runs").String(), u.JoinPath("api/v1/revisions").String()
	client := http.Client{}
	if o.HTTPClient != nil {
		client = *o.HTTPClient
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p.http = &client
	return p, nil
}

// pauses are between attempts: a report that is repeated counts once.
func pauses() []time.Duration { return []time.Duration{200 * time.Millisecond, time.Second, 0} }

// deliver posts the report.
func (p *pusher) deliver(ctx context.Context, r report) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return p.send(ctx, http.MethodPost, p.runs, "application/json", body)
}

// pushList replaces the list of migration files.
func (p *pusher) pushList(ctx context.Context, name string, files []string) error {
	to := p.revisions + "?" + url.Values{"name": {name}}.Encode()
	return p.send(ctx, http.MethodPut, to, "text/plain", []byte(strings.Join(files, "\n")))
}

// send sends a request, and again when the exporter could not take it.
func (p *pusher) send(ctx context.Context, method, to, kind string, body []byte) (err error) {
	for _, pause := range pauses() {
		var again bool
		if again, err = p.once(ctx, method, to, kind, body); !again || pause == 0 {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
	return err
}

// once sends a request; true when another attempt may help.
func (p *pusher) once(ctx context.Context, method, to, kind string, body []byte) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	if err := p.authorize(request); err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", kind)
	response, err := p.http.Do(request)
	if err != nil {
		return ctx.Err() == nil, err
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 4096)) // it is for the message only
	if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusCreated {
		return false, nil
	}
	return response.StatusCode >= 500, fmt.Errorf("%s answers %s: %s", to, response.Status, message(answer))
}

// authorize adds the token, and the account where there is one.
func (p *pusher) authorize(request *http.Request) error {
	text, err := os.ReadFile(p.tokenFile)
	if err != nil {
		return err
	}
	token := strings.TrimSpace(string(text))
	if p.account == nil {
		request.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
	password, _ := p.account.Password()
	request.SetBasicAuth(p.account.Username(), password)
	request.Header.Set("X-Dbsync-Token", token)
	return nil
}

// message is what the exporter's answer says, in one line.
func message(answer []byte) string {
	var known struct{ Error string }
	if json.Unmarshal(answer, &known) == nil && known.Error != "" {
		return strings.ReplaceAll(known.Error, "\n", "; ")
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(answer)), "\n")
	return fmt.Sprintf("%.200s", line)
}
