// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const (
	// timeoutHeader is where Prometheus says how long it waits, in seconds.
	timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"
	// defaultDeadline fits Prometheus' own default of 10 s.
	defaultDeadline = 9 * time.Second
	// maxDeadline bounds what a client can ask for.
	maxDeadline = 2 * time.Minute
)

// deadline returns how long the scrape may take: a little less than the client
// waits. An absent or bad header never means without end.
func deadline(header http.Header, offset time.Duration) time.Duration {
	seconds, err := strconv.ParseFloat(header.Get(timeoutHeader), 64)
	if err != nil || !(seconds > 0) { // so that NaN is bad too
		return defaultDeadline
	}
	wait := maxDeadline
	if seconds < maxDeadline.Seconds() {
		wait = time.Duration(seconds * float64(time.Second))
	}
	// Where the offset would leave next to nothing, half of the time is left.
	return max(wait-max(offset, 0), wait/2)
}

// bound returns the request's context, ended at its deadline.
func (e *Exporter) bound(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), deadline(r.Header, e.options.TimeoutOffset))
}
