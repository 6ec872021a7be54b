// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/render"
)

const (
	// Name is that of the AlertmanagerConfig.
	Name = "dbsync"
	// SecretName is the Secret whose keys are the base names of the files that
	// the values name: slack_dev_url and so on.
	SecretName = "dbsync-alertmanager"
	// TemplatesName is the ConfigMap of the templates.
	TemplatesName = "dbsync-alertmanager-templates"
)

type object = map[string]any

// Files returns kubernetes/prometheusrules.yaml and
// kubernetes/alertmanagerconfig.yaml for rendered files.
func Files(rendered []render.File) ([]render.File, error) {
	var rules, alerting []object
	var config *render.File
	templates := object{}
	for i, f := range rendered {
		switch {
		case strings.HasPrefix(f.Path, "prometheus/rules/"):
			rule, err := prometheusRule(f)
			if err != nil {
				return nil, err
			}
			rules = append(rules, rule)
		case strings.HasPrefix(f.Path, "alertmanager/templates/"):
			templates[path.Base(f.Path)] = string(f.Text)
		case f.Path == "alertmanager/alertmanager.yml":
			config = &rendered[i]
		}
	}
	if config == nil {
		return nil, errors.New("no alertmanager.yml among the files")
	}
	spec, err := alertmanagerConfig(config.Text)
	if err != nil {
		return nil, fmt.Errorf("alertmanager.yml as an AlertmanagerConfig: %w", err)
	}
	alerting = append(alerting,
		withMeta("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig", Name, "spec", spec),
		withMeta("v1", "ConfigMap", TemplatesName, "data", templates))
	first, err := encode("", rules)
	if err != nil {
		return nil, err
	}
	second, err := encode(howTo(templates), alerting)
	return []render.File{
		{Path: "kubernetes/prometheusrules.yaml", Text: first, Mode: 0o644},
		{Path: "kubernetes/alertmanagerconfig.yaml", Text: second, Mode: 0o644},
	}, err
}

// Rules returns a PrometheusRule for each rendered rule file.
func Rules(rendered []render.File) ([]byte, error) {
	var all []object
	for _, f := range rendered {
		rule, err := prometheusRule(f)
		if err != nil {
			return nil, err
		}
		all = append(all, rule)
	}
	return encode("", all)
}

func prometheusRule(f render.File) (object, error) {
	var spec object
	if err := yaml.Unmarshal(f.Text, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	name := "dbsync-" + strings.TrimSuffix(path.Base(f.Path), ".rules.yml")
	return withMeta("monitoring.coreos.com/v1", "PrometheusRule", name, "spec", spec), nil
}

func withMeta(version, kind, name, key string, value any) object {
	return object{
		"apiVersion": version, "kind": kind, key: value,
		"metadata": object{"name": name, "labels": object{"app.kubernetes.io/name": "dbsync"}},
	}
}

// howTo is what an Alertmanager needs to take the object as its whole
// configuration; without, the operator would show it the alerts of one namespace.
func howTo(templates object) string {
	var names []string
	for name := range templates {
		names = append(names, name)
	}
	slices.Sort(names)
	var out strings.Builder
	out.WriteString("# The Alertmanager that shall take this, as its whole configuration:\n#\n" +
		"#   spec:\n#     retention: 2160h\n#     alertmanagerConfiguration:\n#       name: " + Name + "\n#       templates:\n")
	for _, name := range names {
		fmt.Fprintf(&out, "#         - configMap: {name: %s, key: %s}\n", TemplatesName, name)
	}
	return out.String()
}

func encode(comment string, objects []object) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(comment)
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	for _, o := range objects {
		if err := encoder.Encode(o); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), encoder.Close()
}
