// SPDX-License-Identifier: Apache-2.0

package deploy_test

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestShippersReadWhatIsCounted holds the two log shippers against the
// exporter's example configuration: the same files, no others.
func TestShippersReadWhatIsCounted(t *testing.T) {
	var counted struct {
		APIs []struct {
			Log string `yaml:"access_log"`
		} `yaml:"apis"`
		Logs []struct {
			Path string `yaml:"path"`
		} `yaml:"logs"`
	}
	decode(t, filepath.Join("config", "dbsync.yml"), &counted)
	var want []string
	for _, api := range counted.APIs {
		want = append(want, api.Log)
	}
	for _, log := range counted.Logs {
		want = append(want, log.Path)
	}

	var vector struct {
		Sources map[string]struct {
			Include []string `yaml:"include"`
		} `yaml:"sources"`
		Sinks map[string]any `yaml:"sinks"`
	}
	decode(t, filepath.Join("logs", "vector.yaml"), &vector)
	var byVector []string
	for _, source := range vector.Sources {
		byVector = append(byVector, source.Include...)
	}

	var fluentBit struct {
		Pipeline struct {
			Inputs []struct {
				Path string `yaml:"path"`
			} `yaml:"inputs"`
			Outputs []any `yaml:"outputs"`
		} `yaml:"pipeline"`
	}
	decode(t, filepath.Join("logs", "fluent-bit.yaml"), &fluentBit)
	var byFluentBit []string
	for _, input := range fluentBit.Pipeline.Inputs {
		byFluentBit = append(byFluentBit, input.Path)
	}

	slices.Sort(want)
	for name, got := range map[string][]string{"Vector": byVector, "Fluent Bit": byFluentBit} {
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s reads %v, the exporter counts %v", name, got, want)
		}
	}
	if len(vector.Sinks) != 1 || len(fluentBit.Pipeline.Outputs) != 1 {
		t.Error("lines are sent to more than one store, or to none")
	}
}
