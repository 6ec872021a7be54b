// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"

	"github.com/prometheus/procfs"
)

// node_exporter's default filters.
var (
	mountPointsExcluded = regexp.MustCompile(
		`^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)`)
	fsTypesExcluded = regexp.MustCompile(`^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|` +
		`fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|` +
		`squashfs|erofs|sysfs|tracefs)$`)
)

// mountEscapes are the characters that the kernel writes in octal.
var mountEscapes = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// listMounts reads the mounts of the first process: those of the machine, where
// its procfs is seen. With hidepid only the exporter's own are visible.
func (h *host) listMounts(context.Context) ([]mount, error) {
	fs, err := h.procfs()
	if err != nil {
		return nil, err
	}
	infos, err := fs.GetProcMounts(1)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		infos, err = fs.GetMounts()
	}
	if err != nil {
		return nil, err
	}
	all := make([]mount, len(infos))
	for i, info := range infos {
		all[i] = h.mount(info)
	}
	return all, nil
}

// mount translates a line of mountinfo. A file system is read-only when the
// mount is, when its superblock is, or when ext4 gave up writing to it.
func (h *host) mount(info *procfs.MountInfo) mount {
	major, minor, _ := strings.Cut(info.MajorMinorVer, ":")
	_, mountRO := info.Options["ro"]
	_, superRO := info.SuperOptions["ro"]
	_, emergency := info.SuperOptions["emergency_ro"]
	return mount{
		device: mountEscapes.Replace(info.Source), fsType: info.FSType,
		point: h.stripRoot(mountEscapes.Replace(info.MountPoint)),
		major: major, minor: minor,
		readOnly: mountRO || superRO || emergency,
	}
}
