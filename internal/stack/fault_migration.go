// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"fmt"

	"github.com/easy-erp/dbsync/internal/erp"
)

// migrationFault deploys a release whose migration meets data that it did not expect: the tool leaves its history dirty.
func migrationFault() kind {
	return kind{
		Fault: Fault{
			Name:   "migration",
			Help:   "deploy a release whose migration fails half way on duplicate invoice numbers",
			Heal:   "remove the duplicates, force the version before, migrate again",
			Alerts: []string{"MigrationFailure"},
		},
		make: breakMigration,
		heal: healMigration,
	}
}

func breakMigration(s *Stack, ctx context.Context) error {
	c := s.company
	if err := withdrawRelease(ctx, c); err != nil {
		return err
	}
	if err := erp.DuplicateInvoices(ctx, c.db); err != nil {
		return err
	}
	if err := erp.WriteRelease(c.migrator.Dir); err != nil {
		return err
	}
	failure := c.migrator.Up(ctx)
	_, dirty, err := c.migrator.Version(ctx)
	if err != nil {
		return err
	}
	if !dirty {
		return fmt.Errorf("the migration did not fail as it should: %w", failure)
	}
	s.say("migration", "%v", failure)
	return nil
}

// withdrawRelease takes the release back when it was deployed before, so that it can fail again.
func withdrawRelease(ctx context.Context, c *company) error {
	version, _, err := c.migrator.Version(ctx)
	if err != nil || version < erp.NextVersion {
		return err
	}
	return c.migrator.Down(ctx, 1)
}

func healMigration(s *Stack, ctx context.Context) error {
	c := s.company
	if err := erp.RemoveDuplicateInvoices(ctx, c.db); err != nil {
		return err
	}
	return errors.Join(c.migrator.Force(ctx, erp.ReleasedVersion), c.migrator.Up(ctx))
}
