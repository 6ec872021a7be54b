// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"regexp"

	"github.com/easy-erp/dbsync/collector"
)

const statfsSource = "statfs(2) of each mount in /proc/1/mountinfo"

var (
	filesystemLabels = []string{"device", "mountpoint", "fstype", "device_error"}

	filesystemSize = gauge("node_filesystem_size_bytes",
		"Size of the file system.", statfsSource, filesystemLabels...)
	filesystemFree = gauge("node_filesystem_free_bytes",
		"Free space, what is reserved for root included.", statfsSource, filesystemLabels...)
	filesystemAvail = gauge("node_filesystem_avail_bytes",
		"Space that an ordinary user may still write.", statfsSource, filesystemLabels...)
	filesystemFiles = gauge("node_filesystem_files",
		"Inodes that the file system has room for.", statfsSource, filesystemLabels...)
	filesystemFilesFree = gauge("node_filesystem_files_free",
		"Inodes that are free.", statfsSource, filesystemLabels...)
	filesystemReadOnly = gauge("node_filesystem_readonly",
		"Whether the file system is mounted read-only.", "/proc/1/mountinfo", filesystemLabels...)
	filesystemError = gauge("node_filesystem_device_error",
		"Whether the file system could not be asked; the label device_error says why.", statfsSource, filesystemLabels...)
	filesystemInfo = gauge("node_filesystem_mount_info",
		"1 for each mount, with its device numbers.", "/proc/1/mountinfo", "device", "major", "minor", "mountpoint")

	filesystemFamilies = []*collector.Family{
		filesystemSize, filesystemFree, filesystemAvail, filesystemFiles, filesystemFilesFree,
		filesystemReadOnly, filesystemError, filesystemInfo,
	}
)

// mount is a mounted file system.
type mount struct {
	device, point, fsType string
	major, minor          string // empty where the operating system has no such numbers
	readOnly              bool
}

// collectFilesystems asks all mounts at once, so that several dead ones cost no
// more time than one.
func (h *host) collectFilesystems(ctx context.Context, out *collector.Sink) error {
	all, err := h.listMounts(ctx)
	if err != nil {
		return err
	}
	all = selectMounts(all, mountPointsExcluded, fsTypesExcluded)
	calls := make([]*call, len(all))
	for i, m := range all {
		calls[i] = h.mounts.begin(h.below(m.point))
	}
	for i, m := range all {
		u, err := h.mounts.wait(ctx, calls[i])
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		emitMount(out, m, u, err)
	}
	return nil
}

// selectMounts drops what the expressions match, and all but the first of equal
// mounts.
func selectMounts(all []mount, points, types *regexp.Regexp) []mount {
	seen := make(map[[3]string]bool, len(all))
	var selected []mount
	for _, m := range all {
		key := [3]string{m.device, m.point, m.fsType}
		if seen[key] || points.MatchString(m.point) || types.MatchString(m.fsType) {
			continue
		}
		seen[key] = true
		selected = append(selected, m)
	}
	return selected
}

func emitMount(out *collector.Sink, m mount, u usage, err error) {
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	labels := []string{m.device, m.point, m.fsType, reason}
	out.Emit(filesystemError, collector.Bool(err != nil), labels...)
	out.Emit(filesystemReadOnly, collector.Bool(m.readOnly), labels...)
	if err != nil {
		return
	}
	out.Emit(filesystemSize, u.size, labels...)
	out.Emit(filesystemFree, u.free, labels...)
	out.Emit(filesystemAvail, u.avail, labels...)
	if !u.noFiles {
		out.Emit(filesystemFiles, u.files, labels...)
		out.Emit(filesystemFilesFree, u.filesFree, labels...)
	}
	if m.major != "" {
		out.Emit(filesystemInfo, 1, m.device, m.major, m.minor, m.point)
	}
}
