// SPDX-License-Identifier: Apache-2.0

//go:build linux

package docs_test

import (
	"testing"

	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
