// SPDX-License-Identifier: Apache-2.0

// Command generate writes the JSON schemas that the manifests are checked
// against, from the OpenAPI document of Kubernetes and from the custom resource
// definitions of the Prometheus Operator. README.md beside it says how to call it.
//
// They are those files' schemas with the references resolved, closed against
// fields that nobody knows, and without the descriptions.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: generate SWAGGER_JSON FOLDER_OF_CRDS")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// kinds are those that the chart and the examples use, by their definition.
func kinds() map[string]string {
	return map[string]string{
		"configmap-v1":                "io.k8s.api.core.v1.ConfigMap",
		"secret-v1":                   "io.k8s.api.core.v1.Secret",
		"service-v1":                  "io.k8s.api.core.v1.Service",
		"serviceaccount-v1":           "io.k8s.api.core.v1.ServiceAccount",
		"persistentvolumeclaim-v1":    "io.k8s.api.core.v1.PersistentVolumeClaim",
		"deployment-apps-v1":          "io.k8s.api.apps.v1.Deployment",
		"statefulset-apps-v1":         "io.k8s.api.apps.v1.StatefulSet",
		"cronjob-batch-v1":            "io.k8s.api.batch.v1.CronJob",
		"networkpolicy-networking-v1": "io.k8s.api.networking.v1.NetworkPolicy",
	}
}

type object = map[string]any

func generate(swagger, crds string) error {
	text, err := os.ReadFile(swagger)
	if err != nil {
		return err
	}
	var document struct {
		Definitions object `json:"definitions"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", swagger, err)
	}
	for name, definition := range kinds() {
		schema := closed(resolve(document.Definitions[definition], document.Definitions, 0))
		if err := write(name, schema); err != nil {
			return err
		}
	}
	for _, plural := range []string{"servicemonitors", "prometheusrules", "alertmanagerconfigs"} {
		if err := custom(filepath.Join(crds, "monitoring.coreos.com_"+plural+".yaml")); err != nil {
			return err
		}
	}
	return nil
}

// custom writes one schema for each version of a custom resource.
func custom(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var crd struct {
		Spec struct {
			Group string `json:"group"`
			Names struct {
				Kind string `json:"kind"`
			} `json:"names"`
			Versions []struct {
				Name   string `json:"name"`
				Schema struct {
					OpenAPI object `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &crd); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	group, _, _ := strings.Cut(crd.Spec.Group, ".")
	for _, version := range crd.Spec.Versions {
		schema, _ := closed(version.Schema.OpenAPI).(object)
		if properties, ok := schema["properties"].(object); ok {
			properties["metadata"] = object{"type": "object"}
		}
		name := strings.ToLower(crd.Spec.Names.Kind) + "-" + group + "-" + version.Name
		if err := write(name, schema); err != nil {
			return err
		}
	}
	return nil
}

// deepest bounds the definitions that contain themselves.
const deepest = 40

// resolve puts definitions in the place of references.
func resolve(node any, definitions object, depth int) any {
	switch v := node.(type) {
	case object:
		if reference, ok := v["$ref"].(string); ok {
			if depth > deepest {
				return object{}
			}
			return resolve(definitions[strings.TrimPrefix(reference, "#/definitions/")], definitions, depth+1)
		}
		out := object{}
		for key, value := range v {
			out[key] = resolve(value, definitions, depth)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = resolve(value, definitions, depth)
		}
		return out
	}
	return node
}

// closed refuses fields that are not listed, and drops what only people read.
func closed(node any) any {
	switch v := node.(type) {
	case object:
		out := object{}
		for key, value := range v {
			_, isText := value.(string)
			switch {
			case strings.HasPrefix(key, "x-kubernetes-int-or-string"):
				out["type"] = []any{"integer", "string"}
			case key == "description" && isText, strings.HasPrefix(key, "x-kubernetes-"), key == "format" && isText:
			default:
				out[key] = closed(value)
			}
		}
		if out["format"] == nil && v["format"] == "int-or-string" {
			out["type"] = []any{"integer", "string"}
		}
		_, listed := out["properties"].(object)
		if _, open := out["additionalProperties"]; listed && !open && v["x-kubernetes-preserve-unknown-fields"] != true {
			out["additionalProperties"] = false
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = closed(value)
		}
		return out
	}
	return node
}

func write(name string, schema any) error {
	text, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	return os.WriteFile(name+".json", append(text, '\n'), 0o644)
}
