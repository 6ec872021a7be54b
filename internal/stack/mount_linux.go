// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// mountSmall puts a file system of its own, in memory and of a fixed size, on a folder. It needs root.
func mountSmall(dir string, bytes int64) error {
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	if err := unix.Mount("tmpfs", dir, "tmpfs", flags, fmt.Sprintf("size=%d,mode=0755", bytes)); err != nil {
		return fmt.Errorf("mount a small file system on %s: %w", dir, err)
	}
	return nil
}

// unmountBelow takes away every mount below a folder, the innermost first. A busy one vanishes when its last user does.
func unmountBelow(root string) error {
	points, err := mountsBelow(root)
	if err != nil {
		return err
	}
	var errs []error
	for i := len(points) - 1; i >= 0; i-- {
		if err := unix.Unmount(points[i], unix.MNT_DETACH); err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", points[i], err))
		}
	}
	return errors.Join(errs...)
}

// mountsBelow reads proc_pid_mountinfo(5), whose fifth field is the mount point with blanks escaped.
func mountsBelow(root string) ([]string, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var points []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 {
			continue
		}
		if point := unescape.Replace(fields[4]); strings.HasPrefix(point, root+"/") {
			points = append(points, point)
		}
	}
	return points, lines.Err()
}
