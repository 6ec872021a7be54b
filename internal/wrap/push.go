// SPDX-License-Identifier: Apache-2.0

//go:build unix

package wrap

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector/job"
)

// Push reports to an exporter elsewhere, by POST /api/v1/runs.
type Push struct {
	URL   string // of the exporter, such as http://db1:19104
	Token string // empty: none is sent
	// Client is what requests are made with. nil: one of our own.
	Client *http.Client
}

// How long reports are tried: the begin must not hold the job up, the end is the news that counts.
const (
	pushTimeout  = 5 * time.Second
	pushEndLimit = time.Minute
	pushPause    = time.Second
)

// Report sends a run. The end of one is tried again while the exporter does not answer.
func (p *Push) Report(ctx context.Context, run job.Run) (bool, error) {
	limit := pushTimeout
	if run.Status != job.Running {
		limit = pushEndLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	text, err := json.Marshal(run)
	if err != nil {
		return false, err
	}
	for pause := pushPause; ; pause *= 2 {
		recorded, again, err := p.post(ctx, text)
		if err == nil || !again || run.Status == job.Running {
			return recorded, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return false, err
		}
	}
}

// post sends one request. again tells whether another one could help.
func (p *Push) post(ctx context.Context, text []byte) (recorded, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(p.URL, "/")+"/api/v1/runs", bytes.NewReader(text))
	if err != nil {
		return false, false, err
	}
	request.Header.Set("Content-Type", "application/json")
	if p.Token != "" {
		request.Header.Set("Authorization", "Bearer "+p.Token)
	}
	client := p.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return false, true, err
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10)) // it only explains the status
	if response.StatusCode/100 != 2 {
		again := response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests
		return false, again, fmt.Errorf("POST %s: %s: %s", request.URL.Redacted(), response.Status, strings.TrimSpace(string(body)))
	}
	return response.StatusCode == http.StatusCreated, false, nil
}
