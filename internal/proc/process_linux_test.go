// SPDX-License-Identifier: Apache-2.0

package proc_test

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/proc"
)

func TestChildDiesWithAKilledParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentMode+"=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if gone(child) {
		t.Fatal("the child is not even there")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Fatal("the parent was not killed")
	}
	awaitGone(t, child)
}

func TestChildWithoutNetwork(t *testing.T) {
	ports := func(change ...func(*proc.Spec)) string {
		p, err := proc.Start(spec(change...))
		if err != nil {
			t.Skip("NOT TESTED: no network namespace for this account: ", err)
		}
		defer func() { _ = p.Stop() }()
		<-p.Done()
		return p.Output()
	}
	if own, none := ports(), ports(func(s *proc.Spec) { s.NoNetwork = true }); own == none {
		t.Errorf("it is in our network namespace: %s", none)
	}
}

// spec is of a child that tells its network namespace.
func spec(change ...func(*proc.Spec)) proc.Spec {
	s := proc.Spec{Path: "readlink", Args: []string{"/proc/self/ns/net"}}
	for _, c := range change {
		c(&s)
	}
	return s
}
