// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// kind says whose fault a failed request is, and so what its status is.
type kind int

const (
	internal kind = iota // ours: the details are logged
	badRequest
	unauthorized
	forbidden
	notFound
	conflict
	tooLarge
	unavailable
	reloadFailed // an answer to whoever asked for the reload
)

// codes is the one place where a failure becomes a status code.
var codes = map[kind]int{
	internal:     http.StatusInternalServerError,
	badRequest:   http.StatusBadRequest,
	unauthorized: http.StatusUnauthorized,
	forbidden:    http.StatusForbidden,
	notFound:     http.StatusNotFound,
	conflict:     http.StatusConflict,
	tooLarge:     http.StatusRequestEntityTooLarge,
	unavailable:  http.StatusServiceUnavailable,
	reloadFailed: http.StatusInternalServerError,
}

// requestError is an error with its kind.
type requestError struct {
	kind kind
	err  error
}

func (e *requestError) Error() string { return e.err.Error() }
func (e *requestError) Unwrap() error { return e.err }

// failure makes an error that the client may read.
func failure(k kind, format string, args ...any) error {
	return &requestError{k, fmt.Errorf(format, args...)}
}

// handler answers a request, or returns why it cannot; it has written nothing
// then.
type handler func(w http.ResponseWriter, r *http.Request) error

// handle turns a handler into one of net/http. What is not the client's fault is
// logged, and its details stay in the log.
func (e *Exporter) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		k := internal
		var known *requestError
		if errors.As(err, &known) {
			k = known.kind
		}
		message := err.Error()
		if k == internal {
			e.options.Logger.Error("request failed", "path", r.URL.Path, "err", err)
			message = "internal error: the exporter's log has the details"
		}
		e.self.countError(codes[k])
		writeError(w, r, codes[k], message)
	})
}

// writeError answers with JSON where the path is part of the API, else with text.
func writeError(w http.ResponseWriter, r *http.Request, code int, message string) {
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		http.Error(w, message, code)
		return
	}
	_ = writeJSON(w, code, map[string]string{"error": message}) // text always marshals
}
