// SPDX-License-Identifier: Apache-2.0

package rulefile

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v3"
)

// promtoolFile is what we read of a file with promtool tests.
type promtoolFile struct {
	Tests []struct {
		Interval    model.Duration `yaml:"interval"`
		InputSeries []struct {
			Series string `yaml:"series"`
		} `yaml:"input_series"`
		PromqlExprTest []struct {
			Expr       string `yaml:"expr"`
			ExpSamples []struct {
				Labels string `yaml:"labels"`
			} `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	} `yaml:"tests"`
}

// Examples returns the label sets of the alerts that the promtool tests expect
// to fire, as Prometheus sends them to Alertmanager.
func Examples(fsys fs.FS, pattern string) ([]labels.Labels, error) {
	firing := regexp.MustCompile(`^ALERTS\{.*alertstate="firing"`)
	return promtoolSeries(fsys, pattern, func(file promtoolFile) (all []string) {
		for _, test := range file.Tests {
			for _, query := range test.PromqlExprTest {
				for _, sample := range query.ExpSamples {
					if firing.MatchString(sample.Labels) {
						all = append(all, sample.Labels)
					}
				}
			}
		}
		return all
	}, func(series labels.Labels) labels.Labels {
		return labels.NewBuilder(series).Del(model.MetricNameLabel, "alertstate").Labels()
	})
}

// Inputs returns the series that the promtool tests feed to the rules, each
// once.
func Inputs(fsys fs.FS, pattern string) ([]labels.Labels, error) {
	return promtoolSeries(fsys, pattern, func(file promtoolFile) (all []string) {
		for _, test := range file.Tests {
			for _, input := range test.InputSeries {
				all = append(all, input.Series)
			}
		}
		return all
	}, func(series labels.Labels) labels.Labels { return series })
}

// Proof says at which scrape intervals promtool tests expect an alert of a name
// to fire, and at which not to.
type Proof struct{ Fires, Quiet map[model.Duration]bool }

// Proofs returns the proofs of all alerts that the promtool tests name.
func Proofs(fsys fs.FS, pattern string) (map[string]Proof, error) {
	asked := regexp.MustCompile(`^ALERTS\{alertname="(\w+)"`)
	all := map[string]Proof{}
	err := eachPromtoolFile(fsys, pattern, func(_ string, file promtoolFile) error {
		for _, test := range file.Tests {
			for _, query := range test.PromqlExprTest {
				match := asked.FindStringSubmatch(query.Expr)
				if match == nil {
					continue
				}
				if _, ok := all[match[1]]; !ok {
					all[match[1]] = Proof{map[model.Duration]bool{}, map[model.Duration]bool{}}
				}
				proof := all[match[1]].Fires
				if len(query.ExpSamples) == 0 {
					proof = all[match[1]].Quiet
				}
				proof[test.Interval] = true
			}
		}
		return nil
	})
	return all, err
}

// eachPromtoolFile visits the files in order.
func eachPromtoolFile(fsys fs.FS, pattern string, visit func(name string, file promtoolFile) error) error {
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("no file with promtool tests matches %s", pattern)
	}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		var file promtoolFile
		if err := yaml.Unmarshal(text, &file); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := visit(name, file); err != nil {
			return err
		}
	}
	return nil
}

// promtoolSeries reads series out of all files, in order, each once.
func promtoolSeries(
	fsys fs.FS, pattern string, find func(promtoolFile) []string, change func(labels.Labels) labels.Labels,
) ([]labels.Labels, error) {
	seen := map[uint64]bool{}
	var all []labels.Labels
	err := eachPromtoolFile(fsys, pattern, func(name string, file promtoolFile) error {
		for _, series := range find(file) {
			parsed, err := Parser().ParseMetric(strings.TrimSpace(series))
			if err != nil {
				return fmt.Errorf("%s: %s: %w", name, series, err)
			}
			if parsed = change(parsed); !seen[parsed.Hash()] {
				seen[parsed.Hash()] = true
				all = append(all, parsed)
			}
		}
		return nil
	})
	return all, err
}
