// SPDX-License-Identifier: Apache-2.0

package erp

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Routes are the templates of the gateway's paths.
func Routes() []string { return []string{"/customers/{id}/orders", "/products/{id}/stock", "/health"} }

// Gateway is the company's HTTP interface, which its shops ask. It writes an access log as nginx does with
// log_format escape=json, by nginx's names.
type Gateway struct {
	DB  *sql.DB
	Log io.Writer
	log sync.Mutex
}

// gatewayTimeout is how long it waits for the database.
const gatewayTimeout = 2 * time.Second

// Handler serves the interface. /health is about the gateway alone, as a load balancer wants it.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /customers/{id}/orders", g.answer("SELECT COUNT(*) FROM orders WHERE customer_id = ?"))
	mux.HandleFunc("GET /products/{id}/stock", g.answer("SELECT COALESCE(SUM(quantity), 0) FROM stock_moves WHERE product_id = ?"))
	return g.logged(mux)
}

// answer replies with the number that a query gives for the path's id, or as a proxy does whose backend fails.
func (g *Gateway) answer(query string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), gatewayTimeout)
		defer cancel()
		var n int64
		switch err := g.DB.QueryRowContext(ctx, query, r.PathValue("id")).Scan(&n); {
		case errors.Is(err, context.DeadlineExceeded):
			w.WriteHeader(http.StatusGatewayTimeout)
		case err != nil:
			w.WriteHeader(http.StatusBadGateway)
		default:
			fmt.Fprintln(w, n)
		}
	}
}

func (g *Gateway) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		answer := &recorder{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(answer, r)
		g.log.Lock()
		defer g.log.Unlock()
		// A log that cannot be written must not fail the request.
		_ = json.NewEncoder(g.Log).Encode(map[string]any{
			"time_iso8601": began.Format(time.RFC3339), "request_method": r.Method, "request_uri": r.URL.Path,
			"status": answer.code, "request_time": time.Since(began).Seconds(),
		})
	})
}

// recorder remembers the status code.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

// Visit asks the gateway at url for something a few times per second until ctx ends. What goes wrong is the gateway's to
// tell.
func Visit(ctx context.Context, url string) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		path := fmt.Sprintf("/products/%d/stock", 1+rand.IntN(productCount))
		if rand.IntN(3) == 0 {
			path = fmt.Sprintf("/customers/%d/orders", 1+rand.IntN(customerCount))
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			return
		}
		if response, err := client.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, response.Body) // so that the connection is kept
			_ = response.Body.Close()
		}
	}
}
