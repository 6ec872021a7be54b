// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"context"
	"fmt"

	"github.com/easy-erp/dbsync/collector/backup"
)

func openPhysical(ctx context.Context, o *Options) (method, error) {
	return nil, fmt.Errorf("method %s: %w", o.Method, backup.ErrNotRestorable)
}
