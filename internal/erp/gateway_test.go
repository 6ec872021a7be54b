// SPDX-License-Identifier: Apache-2.0

//go:build unix

package erp_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestGatewayAnswersAndWritesItsLog(t *testing.T) {
	testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
		migrator := company(t, server)
		db := open(t, migrator)
		if err := erp.Seed(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		gateway := httptest.NewServer((&erp.Gateway{DB: db, Log: &log}).Handler())
		defer gateway.Close()
		get(t, gateway.URL+"/products/1/stock", http.StatusOK)
		get(t, gateway.URL+"/nothing", http.StatusNotFound)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		get(t, gateway.URL+"/customers/7/orders", http.StatusBadGateway)
		get(t, gateway.URL+"/health", http.StatusOK)
		gateway.Close() // the log is written after the answer
		for _, want := range []string{
			`"request_uri":"/products/1/stock","status":200`, `"request_uri":"/customers/7/orders","status":502`,
			`"request_method":"GET"`, `"request_time":0.`,
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %s:\n%s", want, log.String())
			}
		}
	})
}

func get(t *testing.T, url string, code int) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil || response.StatusCode != code {
		t.Errorf("%s: %s %q (%v), want %d", url, response.Status, body, err, code)
	}
	http.DefaultClient.CloseIdleConnections()
}
