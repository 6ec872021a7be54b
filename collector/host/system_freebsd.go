// SPDX-License-Identifier: Apache-2.0

package host

import "github.com/easy-erp/dbsync/collector"

func machine() system { return system{statfs: statfs, uname: readUname} }

// Memory and the network are left out: gopsutil runs programs for part of them, and
// the exporter runs none.
func (h *host) systemSources() []*source {
	return []*source{
		{name: "load", families: familiesOf(loadFields), collect: h.collectLoad},
		{name: "stat", families: []*collector.Family{bootTime}, collect: h.collectBoot},
		{name: "uname", families: []*collector.Family{unameInfo}, collect: h.collectUname},
	}
}
