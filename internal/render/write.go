// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/apply"
)

// Source is the committed files.
type Source struct {
	Prometheus   []byte // prometheus.yml
	Rules        fs.FS  // *.rules.yml
	Alertmanager fs.FS  // alertmanager.yml and templates/*.tmpl
}

// Write renders everything into a folder, in the layout that the committed
// files expect:
//
//	prometheus/prometheus.yml, rules/*.rules.yml, targets/dbsync.yml
//	alertmanager/alertmanager.yml, templates/*.tmpl
//
// and whatever else the caller has for the folder. All is rendered before the
// first file changes. It returns the notes for the person who renders.
func Write(dir string, source Source, v Values, further ...File) ([]string, error) {
	files, notes, err := Files(source, v)
	if err != nil {
		return nil, err
	}
	for _, f := range slices.Concat(further, files) {
		if err := f.write(dir); err != nil {
			return nil, err
		}
	}
	return notes, nil
}

// File is one that is written.
type File struct {
	Path string // with slashes, below the target folder
	Text []byte
	Mode fs.FileMode
}

const (
	public  = 0o644
	private = 0o600
)

// Files renders everything, and returns the notes for the person who renders.
func Files(source Source, v Values) ([]File, []string, error) {
	files, err := renderPrometheus(source, v)
	if err != nil {
		return nil, nil, err
	}
	text, err := fs.ReadFile(source.Alertmanager, "alertmanager.yml")
	if err != nil {
		return nil, nil, err
	}
	out, err := AlertmanagerConfig(text, v)
	if err != nil {
		return nil, nil, fmt.Errorf("alertmanager.yml: %w", err)
	}
	config := File{"alertmanager/alertmanager.yml", out.Text, public}
	if out.Secret {
		config.Mode = private
	}
	templates, err := renderEach(source.Alertmanager, "templates/*.tmpl", "alertmanager", func(name string, text []byte) ([]byte, error) {
		if own, ok := out.Templates[path.Base(name)]; ok {
			return own, nil
		}
		return text, nil
	})
	return append(append(files, config), templates...), out.Notes, err
}

func renderPrometheus(source Source, v Values) ([]File, error) {
	config, err := PrometheusConfig(source.Prometheus, v)
	if err != nil {
		return nil, fmt.Errorf("prometheus.yml: %w", err)
	}
	files := []File{{"prometheus/prometheus.yml", config, public}}
	if len(v.Prometheus.Targets) > 0 {
		text, err := yaml.Marshal([]map[string][]string{{"targets": v.Prometheus.Targets}})
		if err != nil {
			return nil, err
		}
		files = append(files, File{"prometheus/targets/dbsync.yml", text, public})
	}
	rules, err := RuleFiles(source, v)
	return append(files, rules...), err
}

// RuleFiles renders the rule files alone.
func RuleFiles(source Source, v Values) ([]File, error) {
	return renderEach(source.Rules, "*.rules.yml", "prometheus/rules", func(_ string, text []byte) ([]byte, error) { return RuleFile(text, v) })
}

func renderEach(from fs.FS, pattern, into string, render func(name string, text []byte) ([]byte, error)) ([]File, error) {
	names, err := fs.Glob(from, pattern)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no %s to render", pattern)
	}
	files := make([]File, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		if text, err = render(name, text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, File{into + "/" + strings.TrimPrefix(name, "/"), text, public})
	}
	return files, nil
}

func (f File) write(dir string) error {
	return apply.Replace(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Text, f.Mode)
}
