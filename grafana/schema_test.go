// SPDX-License-Identifier: Apache-2.0

//go:build unix

package grafana_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/grafana/board"
	"github.com/easy-erp/dbsync/grafana/dash"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// The packages to install from npm: Grafana's types as they were when it was at its
// oldest version that is supported, and at its newest.
const (
	oldestTypes = "@grafana/schema@10.4.19"
	newestTypes = "@grafana/schema@13.2.3"
	typescript  = "typescript@5.9.3"
)

// TestGrafanasTypes lets the TypeScript compiler hold every dashboard against the
// types that Grafana publishes for its own: a field that Grafana does not know, or
// a value that it does not understand, is an error with its place.
func TestGrafanasTypes(t *testing.T) {
	for _, types := range []string{oldestTypes, newestTypes} {
		t.Run(types, func(t *testing.T) {
			folder := schemaFolder(t, types)
			for _, d := range board.All(board.English) {
				if err := os.WriteFile(filepath.Join(folder, d.UID+".ts"), declarations(t, d), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if out, err := compile(t, folder); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestGrafanasTypesBite proves that the compiler would see a mistake.
func TestGrafanasTypesBite(t *testing.T) {
	d := board.Overview(board.English)
	d.GraphTooltip = 7
	d.Panels[0].Options = dash.StatOptions{ColorMode: "rainbow"}
	for _, types := range []string{oldestTypes, newestTypes} {
		t.Run(types, func(t *testing.T) {
			folder := schemaFolder(t, types)
			if err := os.WriteFile(filepath.Join(folder, "broken.ts"), declarations(t, d), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := compile(t, folder)
			if err == nil || !strings.Contains(string(out), "'7'") || !strings.Contains(string(out), `"rainbow"`) {
				t.Errorf("the mistakes were not found (%v):\n%s", err, out)
			}
		})
	}
}

// declarations is a dashboard as TypeScript: each panel by itself, so that an
// error names it, and its options by the type of the panel.
func declarations(t *testing.T, d dash.Dashboard) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteString("import type { Custom, Dashboard, Options, Panel, Row } from './plain';\n")
	declare := func(name, kind string, value any) {
		text, err := json.MarshalIndent(value, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "export const %s: %s = %s;\n", name, kind, text)
	}
	for _, p := range d.AllPanels() {
		name := fmt.Sprintf("panel%d", p.ID)
		if p.Type == "row" {
			p.Panels, p.Options = nil, nil
			declare(name, "Row", p)
			continue
		}
		declare(name+"_options", fmt.Sprintf("Options[%q]", p.Type), p.Options)
		if custom := p.FieldConfig.Defaults.Custom; custom != nil {
			declare(name+"_custom", fmt.Sprintf("Custom[%q]", p.Type), custom)
		}
		declare(name, "Panel", p)
	}
	d.Panels = []dash.Panel{}
	declare("board", "Dashboard", d)
	return out.Bytes()
}

// schemaFolder is a folder with Grafana's types and the compiler.
func schemaFolder(t *testing.T, types string) string {
	t.Helper()
	npm := testenv.Installed(t, "npm") // Grafana's types come from there
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("testdata", "schema"))); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), npm, "install", "--no-save", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund",
		"--prefer-offline", "--no-package-lock", types, typescript)
	install.Dir = folder
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return folder
}

func compile(t *testing.T, folder string) ([]byte, error) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.ts"))
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		filepath.Join(folder, "node_modules", "typescript", "bin", "tsc"), "--noEmit", "--strict", "--skipLibCheck",
		"--module", "nodenext", "--moduleResolution", "nodenext", "--target", "es2022",
	}, files...)
	return exec.CommandContext(t.Context(), "node", args...).CombinedOutput()
}
