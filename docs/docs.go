// SPDX-License-Identifier: Apache-2.0

// Package docs holds the documentation; some of its pages are generated.
package docs

//go:generate go run ../internal/tools/docgen ..
