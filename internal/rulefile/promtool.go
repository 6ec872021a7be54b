// SPDX-License-Identifier: Apache-2.0

package rulefile

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v3"
)

// promtoolFile is what we read of a file with promtool tests.
type promtoolFile struct {
	Tests []struct {
		InputSeries []struct {
			Series string `yaml:"series"`
		} `yaml:"input_series"`
		PromqlExprTest []struct {
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
		return labels.NewBuilder(series).Del(labels.MetricName, "alertstate").Labels()
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

// promtoolSeries reads series out of all files, in order, each once.
func promtoolSeries(
	fsys fs.FS, pattern string, find func(promtoolFile) []string, change func(labels.Labels) labels.Labels,
) ([]labels.Labels, error) {
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no file with promtool tests matches %s", pattern)
	}
	seen := map[uint64]bool{}
	var all []labels.Labels
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		var file promtoolFile
		if err := yaml.Unmarshal(text, &file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, series := range find(file) {
			parsed, err := Parser().ParseMetric(strings.TrimSpace(series))
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", name, series, err)
			}
			if parsed = change(parsed); !seen[parsed.Hash()] {
				seen[parsed.Hash()] = true
				all = append(all, parsed)
			}
		}
	}
	return all, nil
}
