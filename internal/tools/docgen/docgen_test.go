// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/exporter"
)

func TestEveryFamilyAndPrivilegeIsDescribed(t *testing.T) {
	defs := exporter.Definitions()
	text, err := metrics(defs)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range defs {
		for _, f := range d.Families {
			if !strings.Contains(text, "`"+f.Name) {
				t.Errorf("metrics.md lacks %s", f.Name)
			}
		}
	}
	for _, want := range []string{"`dbsync_exporter_http_errors_total` | counter | `code`", "`dbsync_collector_success` | gauge"} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics.md lacks %s", want)
		}
	}
	accounts := grants(defs)
	for _, flavour := range []collector.Flavour{collector.MySQL, collector.MariaDB} {
		for _, r := range collector.Requirements(defs, flavour) {
			if !strings.Contains(accounts, "| "+r.Name+" | `"+r.On+"` |") {
				t.Errorf("grants.md lacks %s on %s", r.Name, r.On)
			}
		}
	}
}

func TestEveryKeyIsDescribed(t *testing.T) {
	structs, err := readStructs("../../config")
	if err != nil {
		t.Fatal(err)
	}
	p := &page{}
	if err := p.keys(structs, "file", ""); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"mysql.modules.NAME.tls.mode", "backups[].expected_interval", "maintenance[].start", "jobs.state_dir"} {
		if !strings.Contains(p.String(), "| `"+key+"` |") {
			t.Errorf("no %s", key)
		}
	}
}

func TestCellsKeepTheirText(t *testing.T) {
	for text, want := range map[string]string{
		"a|b\nc": `a\|b c`, "<x> `<y>`": "&lt;x> `<y>`",
	} {
		if got := cell(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
