// SPDX-License-Identifier: Apache-2.0

// Package pack is everything that the program carries for Prometheus, Alertmanager and Grafana, in one place.
package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/alertmanager"
	"github.com/easy-erp/dbsync/grafana"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/prometheus"
	"github.com/easy-erp/dbsync/rules"
)

// Source is what package render adapts to an installation.
func Source() render.Source {
	return render.Source{Prometheus: prometheus.Config, Rules: rules.Files, Alertmanager: alertmanager.Files}
}

// Files returns the committed files by their paths, with slashes, in the layout in which they find each other.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{"prometheus/prometheus.yml": prometheus.Config}
	for _, part := range []struct {
		from fs.FS
		into string
	}{
		{rules.Files, "prometheus/rules"},
		{alertmanager.Files, "alertmanager"},
		{grafana.Dashboards, "grafana"},
		{grafana.Provisioning, "grafana"},
	} {
		if err := collect(files, part.from, part.into); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func collect(files map[string][]byte, from fs.FS, into string) error {
	return fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(from, name)
		files[path.Join(into, name)] = text
		return err
	})
}

// Export writes the files into a folder and returns how many. Files that are there and differ are an error that names
// them, unless force is set; nothing is written then.
func Export(dir string, force bool) (int, error) {
	files, err := Files()
	if err != nil {
		return 0, err
	}
	names := slices.Sorted(maps.Keys(files))
	if !force {
		if err := refuse(dir, files, names); err != nil {
			return 0, err
		}
	}
	for _, name := range names {
		target := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return 0, err
		}
		if err := os.WriteFile(target, files[name], 0o644); err != nil {
			return 0, err
		}
	}
	return len(names), nil
}

// refuse finds the files that somebody has changed.
func refuse(dir string, files map[string][]byte, names []string) error {
	var changed []string
	for _, name := range names {
		present, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !bytes.Equal(present, files[name]):
			changed = append(changed, name)
		}
	}
	if len(changed) > 0 {
		return fmt.Errorf("%s: these files differ from the pack's and would be lost, use --force or another folder: %s",
			dir, strings.Join(changed, ", "))
	}
	return nil
}
