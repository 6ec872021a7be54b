// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// endOrphans ends the processes that have been told to work in the folder: its name is random, and nothing else on the
// machine has it on its command line as the place of its data. The kernel ends them with their parent; this is for where it did not.
func endOrphans(dir string) error {
	const patience = 5 * time.Second
	deadline := time.Now().Add(patience)
	for {
		pids := orphans(dir)
		if len(pids) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("its server, process %d, does not end", pids[0])
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone is what is wanted
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func orphans(dir string) []int {
	var pids []int
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		text, err := os.ReadFile(path)
		if err != nil || !worksIn(text, dir) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// worksIn looks at a command line for the flags that name the place of a server's or a backup tool's data.
func worksIn(cmdline []byte, dir string) bool {
	for arg := range bytes.SplitSeq(cmdline, []byte{0}) {
		for _, flag := range []string{"--datadir=", "--target-dir="} {
			if bytes.HasPrefix(arg, []byte(flag+dir+"/")) {
				return true
			}
		}
	}
	return false
}
