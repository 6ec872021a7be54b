// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"errors"
	"math"

	"github.com/easy-erp/dbsync/collector"
)

// oddSeries emits what has broken exporters: duplicates, values that are no
// numbers, and labels with any bytes.
func oddSeries(f *collector.Family) func(context.Context, *collector.Sink) error {
	return func(_ context.Context, out *collector.Sink) error {
		out.Emit(f, math.NaN(), "twice")
		out.Emit(f, math.Inf(1), "twice")
		out.Emit(f, math.Inf(-1), "\xff\x00\n\"\\")
		out.Emit(f, 1, "")
		out.Emit(f, 1, "数据库")
		return nil
	}
}

// collectOnce succeeds as often as there is something in the channel.
func collectOnce(first <-chan struct{}) collector.Func {
	return func(_ context.Context, out *collector.Sink) error {
		select {
		case <-first:
			out.Emit(fakeSnapshot, 1)
			return nil
		default:
			return errOnce
		}
	}
}

var errOnce = errors.New("it works only once")
