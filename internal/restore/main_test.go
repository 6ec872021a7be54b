// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"testing"

	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
