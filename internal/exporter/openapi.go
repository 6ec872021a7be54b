// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	_ "embed"
	"io"
	"net/http"
)

//go:embed openapi.yaml
var openAPIText string

func openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = io.WriteString(w, openAPIText) // the client went away
	return nil
}
