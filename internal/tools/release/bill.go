// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

// bill writes the list of modules in the programs as a CycloneDX document. It
// comes from the programs themselves, which carry what they were linked from.
func (r *release) bill(p platform, programs []file) error {
	modules := map[string]*debug.Module{}
	toolchain := ""
	for _, program := range programs {
		info, err := buildinfo.ReadFile(program.path)
		if err != nil {
			return err
		}
		toolchain = info.GoVersion
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			modules[m.Path] = m
		}
	}
	document := cyclonedx.NewBOM()
	document.Metadata = &cyclonedx.Metadata{
		Timestamp: r.date.Format("2006-01-02T15:04:05Z"),
		Component: &cyclonedx.Component{
			Type: cyclonedx.ComponentTypeApplication, Name: "dbsync", Version: r.version, BOMRef: "dbsync",
			PackageURL: "pkg:golang/github.com/easy-erp/dbsync@v" + r.version,
		},
	}
	components := []cyclonedx.Component{{
		Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: toolchain, BOMRef: "std",
		PackageURL: "pkg:golang/std@" + strings.TrimPrefix(toolchain, "go"),
	}}
	for _, m := range modules {
		url := "pkg:golang/" + m.Path + "@" + m.Version
		components = append(components, cyclonedx.Component{
			Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, BOMRef: url, PackageURL: url,
		})
	}
	slices.SortFunc(components, func(a, b cyclonedx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	document.Components = &components
	var out bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON)
	if err := encoder.SetPretty(true).Encode(document); err != nil {
		return err
	}
	name := fmt.Sprintf("dbsync_%s_%s_%s.cdx.json", r.version, p.os, p.arch)
	return os.WriteFile(filepath.Join(r.out, name), out.Bytes(), 0o644)
}
