// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testenv

import (
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// The editions of Prometheus and Alertmanager: the machine's own, and the newest.
const (
	Old = sandbox.Old
	New = sandbox.New
)

// Prometheus starts a Prometheus for this test alone. Flags are added to those of the sandbox.
func Prometheus(t testing.TB, edition sandbox.Edition, configFile string, flags ...string) *sandbox.Service {
	t.Helper()
	program, err := sandbox.FindPrometheus(edition)
	options := sandbox.ServiceOptions{Program: Require(t, program, err), Flags: flags}
	return Service(t, sandbox.ServePrometheus(options, configFile))
}

// Alertmanager starts an Alertmanager for this test alone. Flags are added to those of the sandbox.
func Alertmanager(t testing.TB, edition sandbox.Edition, configFile string, flags ...string) *sandbox.Service {
	t.Helper()
	program, err := sandbox.FindAlertmanager(edition)
	options := sandbox.ServiceOptions{Program: Require(t, program, err), Flags: flags}
	return Service(t, sandbox.ServeAlertmanager(options, configFile))
}

// Service starts any program that answers HTTP and ends it with the test.
func Service(t testing.TB, options sandbox.ServiceOptions) *sandbox.Service {
	t.Helper()
	ctx, cancel := starting()
	defer cancel()
	service, err := sandbox.StartService(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("last output of %s:\n%s", options.Program.Path, service.Output())
		}
		if err := service.Stop(); err != nil {
			t.Error(err)
		}
	})
	return service
}
