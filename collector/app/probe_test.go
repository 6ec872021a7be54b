// SPDX-License-Identifier: Apache-2.0

//go:build unix

package app_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/app"
)

func TestProbe(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ok", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"UP"}`) })
	mux.HandleFunc("GET /gone", http.NotFound)
	mux.HandleFunc("GET /moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("GET /slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	plain := httptest.NewServer(mux)
	defer plain.Close()
	encrypted := httptest.NewUnstartedServer(mux)
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0)
	encrypted.StartTLS()
	defer encrypted.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	certificate := encrypted.Certificate()
	block := &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}
	check(t, os.WriteFile(ca, pem.EncodeToMemory(block), 0o600))

	for name, c := range map[string]struct {
		probe   app.Probe
		failure string // empty: it succeeds
		code    float64
	}{
		"as expected":      {app.Probe{URL: plain.URL + "/ok", Body: regexp.MustCompile(`"UP"`)}, "", 200},
		"HEAD":             {app.Probe{URL: plain.URL + "/ok", Method: http.MethodHead}, "", 200},
		"another body":     {app.Probe{URL: plain.URL + "/ok", Body: regexp.MustCompile(`"DOWN"`)}, "body", 200},
		"another code":     {app.Probe{URL: plain.URL + "/gone"}, "code", 404},
		"expected code":    {app.Probe{URL: plain.URL + "/gone", Codes: []int{404}}, "", 404},
		"redirect":         {app.Probe{URL: plain.URL + "/moved"}, "code", 302},
		"too slow":         {app.Probe{URL: plain.URL + "/slow", Timeout: 50 * time.Millisecond}, "timeout", 0},
		"refused":          {app.Probe{URL: "http://" + closedPort(t)}, "connect", 0},
		"no such name":     {app.Probe{URL: "http://name.invalid/"}, "resolve", 0},
		"not trusted":      {app.Probe{URL: encrypted.URL + "/ok"}, "tls", 0},
		"trusted":          {app.Probe{URL: encrypted.URL + "/ok", CAFile: ca}, "", 200},
		"TLS to plain":     {app.Probe{URL: "https://" + plain.Listener.Addr().String()}, "tls", 0},
		"not for its name": {app.Probe{URL: "https://localhost:" + port(t, encrypted) + "/ok", CAFile: ca}, "tls", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := scrape(t, scraper(t, app.Options{APIs: []app.API{{Name: "g", Probe: &c.probe}}}))
			success := 0.
			if c.failure == "" {
				success = 1
			}
			if v := got.value("dbsync_api_probe_success{g}"); v != success {
				t.Errorf("success is %v", v)
			}
			if c.failure != "" && got.value("dbsync_api_probe_failure{g,"+c.failure+"}") != 1 {
				t.Errorf("the failure is not %s", c.failure)
			}
			if code := got["dbsync_api_probe_status_code{g}"]; c.code > 0 && code.GetGauge().GetValue() != c.code || c.code == 0 && code != nil {
				t.Errorf("code %v, want %v", code, c.code)
			}
			if name == "trusted" || name == "not trusted" {
				if v := got.value("dbsync_api_probe_certificate_expiry_timestamp_seconds{g}"); v != float64(certificate.NotAfter.Unix()) {
					t.Errorf("the certificate ends at %v", v)
				}
			}
			if c.failure == "" {
				for _, phase := range []string{"connect", "processing", "transfer"} {
					if v := got.value("dbsync_api_probe_phase_seconds{g," + phase + "}"); !(v >= 0) {
						t.Errorf("phase %s: %v", phase, v)
					}
				}
			}
			if got.value("dbsync_collector_success{app.probe}") != 1 {
				t.Error("a probe that fails is no failure of the collector")
			}
		})
	}

	got := scrape(t, scraper(t, app.Options{APIs: []app.API{{Name: "g", Probe: &app.Probe{URL: encrypted.URL, CAFile: "/missing"}}}}))
	if got.value("dbsync_source_success{app.probe,g}") != 0 || got["dbsync_api_probe_success{g}"] != nil {
		t.Error("authorities that cannot be read must be our own failure, not the server's")
	}
}

// closedPort returns an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	check(t, listener.Close())
	return listener.Addr().String()
}

func port(t *testing.T, s *httptest.Server) string {
	t.Helper()
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	check(t, err)
	return port
}
