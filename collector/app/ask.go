// SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	probeTimeout = 5 * time.Second
	maxBody      = 1 << 20 // bytes that are read of an answer
)

// ask makes the probe's request. The error is our own, such as authorities that
// cannot be read; what the server does is in the answer.
func ask(ctx context.Context, p Probe) (*answer, error) {
	roots, err := authorities(p.CAFile)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.Timeout, probeTimeout))
	defer cancel()
	watch := newStopwatch()
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, watch.trace()), p.Method, p.URL, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "dbsync_exporter")
	certificate := &certificate{roots: roots}
	code, body, err := fetch(request, certificate)
	duration, phases := watch.stop(err == nil)
	return &answer{
		failure: p.judge(code, body, err), code: code,
		duration: duration, phases: phases, certificate: certificate.expiry(),
	}, nil
}

// authorities returns nil for the system's.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // crypto/x509's own meaning
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: no certificate in it, want PEM", file)
	}
	return roots, nil
}

// fetch makes one request over a connection of its own. A redirect is an answer.
func fetch(request *http.Request, c *certificate) (code int, body []byte, err error) {
	transport := &http.Transport{
		DialContext:            (&net.Dialer{}).DialContext,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			InsecureSkipVerify: true, //nolint:gosec // verify does it, so that a bad certificate's end is known too
			VerifyConnection:   c.verify,
		},
	}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response.StatusCode, body, errors.Join(err, response.Body.Close())
}

// judge returns the reason of a failure, or "".
func (p Probe) judge(code int, body []byte, err error) string {
	expected := slices.Contains(p.Codes, code) || len(p.Codes) == 0 && code >= 200 && code <= 299
	switch {
	case err != nil:
		return reason(err)
	case !expected:
		return failedCode
	case p.Body != nil && !p.Body.Match(body):
		return failedBody
	}
	return ""
}

func reason(err error) string {
	var (
		untrusted *tls.CertificateVerificationError
		noTLS     tls.RecordHeaderError
		alert     tls.AlertError
		name      *net.DNSError
		network   *net.OpError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return failedTimeout
	case errors.As(err, &untrusted), errors.As(err, &noTLS), errors.As(err, &alert):
		return failedTLS
	case errors.As(err, &name):
		return failedResolve
	case errors.As(err, &network) && network.Op == "dial":
		return failedConnect
	}
	return failedOther
}

// certificate verifies a server's certificate as crypto/tls does, and remembers
// when it ends.
type certificate struct {
	roots *x509.CertPool
	mu    sync.Mutex
	ends  time.Time
}

func (c *certificate) expiry() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ends
}

func (c *certificate) verify(state tls.ConnectionState) error {
	chain := state.PeerCertificates
	options := x509.VerifyOptions{DNSName: state.ServerName, Roots: c.roots, Intermediates: x509.NewCertPool()}
	c.mu.Lock()
	for i, one := range chain {
		if i == 0 || one.NotAfter.Before(c.ends) {
			c.ends = one.NotAfter
		}
		if i > 0 {
			options.Intermediates.AddCert(one)
		}
	}
	c.mu.Unlock()
	if _, err := chain[0].Verify(options); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
	}
	return nil
}

// stopwatch measures the phases of a request. The dialler may call it after the
// request has ended.
type stopwatch struct {
	mu     sync.Mutex
	start  time.Time
	since  map[string]time.Time
	phases map[string]time.Duration
}

func newStopwatch() *stopwatch {
	return &stopwatch{start: time.Now(), since: map[string]time.Time{}, phases: map[string]time.Duration{}}
}

func (s *stopwatch) begin(phase string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since != nil {
		s.since[phase] = time.Now()
	}
}

func (s *stopwatch) end(phase string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if since, begun := s.since[phase]; begun && err == nil {
		s.phases[phase] = time.Since(since)
	}
}

// stop returns the whole duration and that of each phase that was completed.
func (s *stopwatch) stop(complete bool) (time.Duration, map[string]time.Duration) {
	if complete {
		s.end("transfer", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since = nil
	return time.Since(s.start), s.phases
}

func (s *stopwatch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart:             func(httptrace.DNSStartInfo) { s.begin("resolve") },
		DNSDone:              func(d httptrace.DNSDoneInfo) { s.end("resolve", d.Err) },
		ConnectStart:         func(string, string) { s.begin("connect") },
		ConnectDone:          func(_, _ string, err error) { s.end("connect", err) },
		TLSHandshakeStart:    func() { s.begin("tls") },
		TLSHandshakeDone:     func(_ tls.ConnectionState, err error) { s.end("tls", err) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { s.begin("processing") },
		GotFirstResponseByte: func() { s.end("processing", nil); s.begin("transfer") },
	}
}
