// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/collector"
)

var (
	probeSuccess = &collector.Family{
		Name: "dbsync_api_probe_success", Labels: []string{"api"},
		Help: "Whether the probe got the expected answer.",
	}
	probeDuration = &collector.Family{
		Name: "dbsync_api_probe_duration_seconds", Labels: []string{"api"},
		Help: "How long the probe took, to the end of the answer or to its failure.",
	}
	probePhase = &collector.Family{
		Name: "dbsync_api_probe_phase_seconds", Labels: []string{"api", "phase"},
		Help: "How long each phase took: resolve, connect, tls, processing (until the first byte), transfer.",
		On:   "phases that were reached",
	}
	probeCode = &collector.Family{
		Name: "dbsync_api_probe_status_code", Labels: []string{"api"},
		Help: "The status code of the answer.",
		On:   "probes that were answered",
	}
	probeFailure = &collector.Family{
		Name: "dbsync_api_probe_failure", Labels: []string{"api", "reason"},
		Help: "Why the probe failed: 1 for the reason, 0 for the others.",
	}
	probeCertificate = &collector.Family{
		Name: "dbsync_api_probe_certificate_expiry_timestamp_seconds", Labels: []string{"api"},
		Help: "When the first certificate of the server's chain ends to be valid.",
		On:   "https, also where the certificate does not verify",
	}

	probeFamilies = from("an HTTP request", probeSuccess, probeDuration, probePhase, probeCode, probeFailure, probeCertificate)
)

// The reasons for which a probe fails, because each has another remedy.
const (
	failedResolve = "resolve"
	failedConnect = "connect"
	failedTLS     = "tls"
	failedTimeout = "timeout"
	failedCode    = "code"
	failedBody    = "body"
	failedOther   = "other"
)

var failures = []string{failedResolve, failedConnect, failedTLS, failedTimeout, failedCode, failedBody, failedOther}

// probes makes the probes of all APIs, side by side.
type probes struct{ apis []API }

func newProbes(apis []API, _ *collector.Target) collector.Collector {
	return probes{slices.DeleteFunc(slices.Clone(apis), func(a API) bool { return a.Probe == nil })}
}

// Collect makes one request to each. A probe that fails is a finding, not a
// failure of the collector.
func (p probes) Collect(ctx context.Context, out *collector.Sink) error {
	if len(p.apis) == 0 {
		return collector.Skip(collector.Unconfigured, "give an entry under apis a probe")
	}
	var wg sync.WaitGroup
	for _, api := range p.apis {
		wg.Go(func() {
			out.Source(ctx, api.Name, func(ctx context.Context, out *collector.Sink) error {
				a, err := ask(ctx, *api.Probe)
				if err == nil {
					a.emit(out, api.Name)
				}
				return err
			})
		})
	}
	wg.Wait()
	return nil
}

// answer is what came of a probe.
type answer struct {
	failure     string // empty: as expected
	code        int
	duration    time.Duration
	phases      map[string]time.Duration
	certificate time.Time
}

func (a *answer) emit(out *collector.Sink, api string) {
	out.Emit(probeSuccess, collector.Bool(a.failure == ""), api)
	out.Emit(probeDuration, a.duration.Seconds(), api)
	for _, reason := range failures {
		out.Emit(probeFailure, collector.Bool(a.failure == reason), api, reason)
	}
	for phase, took := range a.phases {
		out.Emit(probePhase, took.Seconds(), api, phase)
	}
	if a.code > 0 {
		out.Emit(probeCode, float64(a.code), api)
	}
	if !a.certificate.IsZero() {
		out.Emit(probeCertificate, float64(a.certificate.Unix()), api)
	}
}
