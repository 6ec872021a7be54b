// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package golden_test

import (
	"testing"

	"github.com/easy-erp/dbsync/internal/testenv"
)

// diskFull needs to take room from another process.
func diskFull(t *testing.T, _ *testenv.Server, _ account, _ *running, _ string) {
	t.Skip("NOT TESTED: only Linux changes the limits of another process")
}
