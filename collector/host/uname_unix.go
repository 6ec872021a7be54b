// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin || freebsd

package host

import (
	"context"

	"github.com/easy-erp/dbsync/collector"
)

var unameInfo = gauge("node_uname_info", "1, with the names of the kernel and of the machine.", "uname(2)",
	"sysname", "release", "version", "machine", "nodename", "domainname")

func (h *host) collectUname(_ context.Context, out *collector.Sink) error {
	u, err := h.sys.uname()
	if err != nil {
		return err
	}
	out.Emit(unameInfo, 1, u.sysname, u.release, u.version, u.machine, u.nodename, u.domainname)
	return nil
}
