// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// leftChildren fails when this process still has children. It sees none on kernels without CONFIG_PROC_CHILDREN.
func leftChildren() error {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return err
	}
	var left []string
	for _, list := range lists {
		pids, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that ended meanwhile
		}
		for _, pid := range strings.Fields(string(pids)) {
			command, _ := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
			left = append(left, pid+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("child processes are left:\n%s", strings.Join(left, "\n"))
	}
	return nil
}
