// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testenv

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// startLimit bounds the start of a server, the first initialisation of a data folder on a busy machine included.
const startLimit = 2 * time.Minute

// Require returns the program, or ends the test: with a skip that names the remedy when the program is not on this
// machine, with a failure on any other error and, when CI=true, in any case.
func Require(t testing.TB, program sandbox.Program, err error) sandbox.Program {
	t.Helper()
	var missing *sandbox.MissingError
	switch {
	case err == nil:
		return program
	case errors.As(err, &missing) && os.Getenv("CI") != "true":
		t.Skip("NOT TESTED: ", err)
	default:
		t.Fatal(err)
	}
	return sandbox.Program{}
}

// Tool returns a program of the machine (edition Old) or of the root file system (New) by its name, or ends the test as
// Require does.
func Tool(t testing.TB, edition sandbox.Edition, names ...string) sandbox.Program {
	t.Helper()
	program, err := sandbox.Find(edition, names...)
	return Require(t, program, err)
}

// Installed returns the path of a program that the machine itself has to have, such as a shell, or ends the test as
// Require does.
func Installed(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("no %s: with CI=true, `make deps` installs it", name)
	default:
		t.Skipf("NOT TESTED: no %s on this machine", name)
	}
	return path
}

func starting() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), startLimit)
}
