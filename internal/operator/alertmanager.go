// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"go.yaml.in/yaml/v3"
)

// alertmanagerConfig returns the spec of an AlertmanagerConfig, v1alpha1.
func alertmanagerConfig(text []byte) (object, error) {
	var config struct {
		Global    object   `yaml:"global"`
		Route     object   `yaml:"route"`
		Inhibit   []object `yaml:"inhibit_rules"`
		Receivers []object `yaml:"receivers"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		return nil, err
	}
	route, err := convertRoute(config.Route)
	if err != nil {
		return nil, err
	}
	spec := object{"route": route}
	var receivers []any
	for _, r := range config.Receivers {
		receiver, err := convertReceiver(r, config.Global)
		if err != nil {
			return nil, fmt.Errorf("receiver %v: %w", r["name"], err)
		}
		receivers = append(receivers, receiver)
	}
	spec["receivers"] = receivers
	var inhibitions []any
	for _, r := range config.Inhibit {
		source, err := convertMatchers(r["source_matchers"])
		if err != nil {
			return nil, err
		}
		target, err := convertMatchers(r["target_matchers"])
		if err != nil {
			return nil, err
		}
		inhibitions = append(inhibitions, object{"sourceMatch": source, "targetMatch": target, "equal": r["equal"]})
	}
	spec["inhibitRules"] = inhibitions
	return spec, nil
}

func convertRoute(in object) (object, error) {
	out := object{}
	for key, value := range in {
		switch key {
		case "matchers":
			matchers, err := convertMatchers(value)
			if err != nil {
				return nil, err
			}
			out[key] = matchers
		case "routes":
			var below []any
			for _, r := range list(value) {
				route, err := convertRoute(mapping(r))
				if err != nil {
					return nil, err
				}
				below = append(below, route)
			}
			out[key] = below
		case "active_time_intervals", "mute_time_intervals":
			return nil, errors.New("business hours have a time zone, and this kind of object has none: " +
				"remove `during` and `warnings` from the values, or give the Alertmanager the file as spec.configSecret")
		default:
			out[camel(key)] = value
		}
	}
	return out, nil
}

func convertMatchers(value any) ([]any, error) {
	var out []any
	for _, text := range list(value) {
		m, err := labels.ParseMatcher(fmt.Sprint(text))
		if err != nil {
			return nil, err
		}
		out = append(out, object{"name": m.Name, "value": m.Value, "matchType": m.Type.String()})
	}
	return out, nil
}

// camel turns snake_case into the operator's spelling.
func camel(key string) string {
	words := strings.Split(key, "_")
	for i, word := range words[1:] {
		switch word {
		case "url", "id", "arn", "tls":
			words[i+1] = strings.ToUpper(word)
		default:
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

func list(value any) []any {
	l, _ := value.([]any)
	return l
}

func mapping(value any) object {
	m, _ := value.(object)
	return m
}
