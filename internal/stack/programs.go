// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"errors"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// FindPrograms completes the programs by those of the machine. ownDatabase is false when the user's own server is
// watched, which needs neither server nor dump tool. The error joins a *sandbox.MissingError for each one missing.
func FindPrograms(given Programs, ownDatabase bool) (Programs, error) {
	finders := []finder{
		{&given.Prometheus, func() (sandbox.Program, error) { return sandbox.FindPrometheus(sandbox.Old) }},
		{&given.Alertmanager, func() (sandbox.Program, error) { return sandbox.FindAlertmanager(sandbox.Old) }},
	}
	if ownDatabase {
		finders = append(finders,
			finder{&given.Database, sandbox.FindMariaDB},
			finder{&given.Dump, func() (sandbox.Program, error) { return sandbox.Find(sandbox.Old, "mysqldump", "mariadb-dump") }},
		)
	}
	if given.Grafana.Path == "" { // it is welcome, and nobody has to have it
		given.Grafana, _ = sandbox.Find(sandbox.Old, "grafana", "grafana-server")
	}
	var errs []error
	for _, f := range finders {
		errs = append(errs, f.fill())
	}
	return given, errors.Join(errs...)
}

type finder struct {
	into *sandbox.Program
	find func() (sandbox.Program, error)
}

func (f finder) fill() (err error) {
	if f.into.Path == "" {
		*f.into, err = f.find()
	}
	return err
}
