// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

// The families of small files that procfs has no reader for.
var (
	filesAllocated = gauge("node_filefd_allocated",
		"File handles that the kernel has allocated.", "/proc/sys/fs/file-nr")
	filesMaximum = gauge("node_filefd_maximum",
		"File handles that the kernel may allocate.", "/proc/sys/fs/file-nr")
	conntrackEntries = gauge("node_nf_conntrack_entries",
		"Connections that the firewall tracks.", "/proc/sys/net/netfilter/nf_conntrack_count")
	conntrackLimit = gauge("node_nf_conntrack_entries_limit",
		"Connections that the firewall can track.", "/proc/sys/net/netfilter/nf_conntrack_max")

	// By the key in the file, which is the end of the name too: node_exporter's
	// default choice, in its type.
	vmstatFields = map[string]scaled{
		"pgfault":    vmstat("pgfault", "Page faults of all programs since boot."),
		"pgmajfault": vmstat("pgmajfault", "Page faults that waited for the disk since boot."),
		"pgpgin":     vmstat("pgpgin", "KiB read from disks since boot."),
		"pgpgout":    vmstat("pgpgout", "KiB written to disks since boot."),
		"pswpin":     vmstat("pswpin", "Pages swapped in since boot."),
		"pswpout":    vmstat("pswpout", "Pages swapped out since boot."),
		"oom_kill":   vmstat("oom_kill", "Processes killed for want of memory since boot."),
	}
)

func vmstat(key, help string) scaled {
	return scaled{untyped("node_vmstat_"+key, help, "/proc/vmstat"), 1}
}

func vmstatFamilies() []*collector.Family {
	var all []*collector.Family
	for _, key := range []string{"pgfault", "pgmajfault", "pgpgin", "pgpgout", "pswpin", "pswpout", "oom_kill"} {
		all = append(all, vmstatFields[key].family)
	}
	return all
}

func (h *host) collectVMStat(_ context.Context, out *collector.Sink) error {
	return emitKeys(out, h.path("proc/vmstat"), vmstatFields)
}

// scaled is a family with the size of the unit that the kernel counts in.
type scaled struct {
	family *collector.Family
	unit   float64
}

// emitKeys reads a file of lines that are a key and a number, as the kernel
// writes many of them, and gives those wanted.
func emitKeys(out *collector.Sink, path string, wanted map[string]scaled) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(data) {
		key, number, _ := bytes.Cut(bytes.TrimRight(line, "\n"), []byte(" "))
		s, ok := wanted[string(key)]
		if !ok {
			continue
		}
		value, err := strconv.ParseFloat(string(number), 64)
		if err != nil {
			return fmt.Errorf("%s: line %q: want a key and a number", path, line)
		}
		out.Emit(s.family, value*s.unit)
	}
	return nil
}

// readNumber reads a file that holds one number.
func readNumber(path string) (float64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(string(data)), 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return value, nil
}

// collectFiles reads file-nr: allocated, a zero for compatibility, maximum.
func (h *host) collectFiles(_ context.Context, out *collector.Sink) error {
	path := h.path("proc/sys/fs/file-nr")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var allocated, unused, maximum float64
	if _, err := fmt.Sscan(string(data), &allocated, &unused, &maximum); err != nil {
		return fmt.Errorf("%s: %q: %w", path, data, err)
	}
	out.Emit(filesAllocated, allocated)
	out.Emit(filesMaximum, maximum)
	return nil
}

func (h *host) collectConntrack(_ context.Context, out *collector.Sink) error {
	dir := h.path("proc/sys/net/netfilter")
	entries, err := readNumber(dir + "/nf_conntrack_count")
	if os.IsNotExist(err) {
		return collector.Skip(collector.Unsupported, "the kernel module nf_conntrack is not loaded")
	}
	if err != nil {
		return err
	}
	limit, err := readNumber(dir + "/nf_conntrack_max")
	if err != nil {
		return err
	}
	out.Emit(conntrackEntries, entries)
	out.Emit(conntrackLimit, limit)
	return nil
}
