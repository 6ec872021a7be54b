// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"

	"github.com/easy-erp/dbsync/collector"
)

var (
	timeSeconds = gauge("node_time_seconds",
		"The machine's clock, in Unix time.", "the system clock")
	bootTime = gauge("node_boot_time_seconds",
		"When the machine was started, in Unix time.", "/proc/stat")
)

func (h *host) collectTime(_ context.Context, out *collector.Sink) error {
	out.Emit(timeSeconds, float64(h.now().UnixNano())/1e9)
	return nil
}
