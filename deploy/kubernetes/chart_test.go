// SPDX-License-Identifier: Apache-2.0

// Package kubernetes_test renders the chart as helm does and checks what comes
// out against the schemas of this folder, as kubeconform does. It is a module of
// its own, so that nothing else needs helm.
package kubernetes_test

import (
	"bytes"
	"flag"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yannh/kubeconform/pkg/validator"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the plain manifests")

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // helm logs each symbolic link that it follows
	os.Exit(m.Run())
}

// everything switches on what is off, and fills in what is empty.
const everything = `
image: {tag: v1, pullPolicy: Always}
imagePullSecrets: [{name: registry}]
config:
  mysql:
    targets:
      - {name: erp-primary, address: "db1.example.com:3306"}
      - {name: erp-replica, address: "db2.example.com"}
      - {name: crm, address: "[2001:db8::1]:3307"}
      - {name: local, address: "unix:///run/mysqld/mysqld.sock"}
runAPI: {enabled: true}
args: [--log.level=debug]
volumes: [{name: backup, persistentVolumeClaim: {claimName: mysql-backup, readOnly: true}}]
volumeMounts: [{name: backup, mountPath: /backup, readOnly: true}]
persistence: {enabled: true, storageClass: fast}
priorityClassName: system-cluster-critical
nodeSelector: {disk: ssd}
tolerations: [{operator: Exists}]
affinity: {nodeAffinity: {}}
podAnnotations: {a: b}
serviceMonitor: {labels: {release: kube-prometheus-stack}}
prometheusRule: {labels: {release: kube-prometheus-stack}}
dashboards: {annotations: {grafana_folder: dbsync}}
networkPolicy:
  from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
  ports: [8443]
restoreTest: {backups: [{name: nightly}, {name: Weekly_full.1, schedule: "0 3 1 * *"}], image: "registry/restore:1", args: [--live], storageClass: fast}
`

// render returns the rendered files of the chart by their paths.
func render(t *testing.T, values, service string) map[string]string {
	t.Helper()
	c := load(t)
	given := map[string]any{}
	if err := yaml.Unmarshal([]byte(values), &given); err != nil {
		t.Fatal(err)
	}
	release := chartutil.ReleaseOptions{Name: "dbsync", Namespace: "dbsync", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(c, given, release, chartutil.DefaultCapabilities)
	if err != nil {
		t.Fatal(err)
	}
	all["Release"].(map[string]any)["Service"] = service
	files, err := engine.Render(c, all)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.Load("chart")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChartIsValid(t *testing.T) {
	for name, values := range map[string]string{"default": "", "everything": everything} {
		t.Run(name, func(t *testing.T) {
			for path, text := range render(t, values, "Helm") {
				if strings.HasSuffix(path, ".yaml") {
					checkSchema(t, path, text)
				}
			}
		})
	}
}

func TestExamplesAreValid(t *testing.T) {
	for _, path := range []string{"dbsync.yaml", "servicemonitor.yaml", "sidecar.yaml", "testdata/alertmanagerconfig.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checkSchema(t, path, string(text))
	}
}

// TestSchemaRefuses proves that the check can fail.
func TestSchemaRefuses(t *testing.T) {
	v := schemas(t)
	for _, bad := range []string{
		"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {prots: []}}",
		"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 'one'}}",
		"{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {name: a}, spec: {groups: [{rules: []}]}}",
		"{apiVersion: v1, kind: Unknown, metadata: {name: a}}",
	} {
		for _, result := range v.Validate("bad", io.NopCloser(strings.NewReader(bad))) {
			if result.Status == validator.Valid {
				t.Errorf("%s: valid", bad)
			}
		}
	}
}

func schemas(t *testing.T) validator.Validator {
	t.Helper()
	dir, err := filepath.Abs("schemas")
	if err != nil {
		t.Fatal(err)
	}
	v, err := validator.New([]string{dir + "/{{ .ResourceKind }}{{ .KindSuffix }}.json"}, validator.Opts{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func checkSchema(t *testing.T, path, text string) {
	t.Helper()
	for _, result := range schemas(t).Validate(path, io.NopCloser(strings.NewReader(text))) {
		if result.Status != validator.Valid && result.Status != validator.Empty {
			signature, _ := result.Resource.Signature()
			t.Errorf("%s: %+v: %v %v", path, signature, result.Err, result.ValidationErrors)
		}
	}
}

// TestChartCarriesThePack wants every rule file and every dashboard, byte for
// byte in meaning.
func TestChartCarriesThePack(t *testing.T) {
	files := render(t, "", "Helm")
	specs := map[string]any{}
	for _, o := range objects(t, files["dbsync/templates/prometheusrules.yaml"]) {
		specs[o.Metadata.Name] = o.Spec
	}
	dashboards := map[string]string{}
	for _, o := range objects(t, files["dbsync/templates/dashboards.yaml"]) {
		maps.Copy(dashboards, o.Data)
	}
	each(t, "../../rules/*.rules.yml", func(name string, text []byte) {
		var want any
		if err := yaml.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got, ok := specs["dbsync-"+strings.TrimSuffix(name, ".rules.yml")]
		if a, b := encode(t, got), encode(t, want); !ok || !bytes.Equal(a, b) {
			t.Errorf("%s differs in the chart", name)
		}
	})
	each(t, "../../grafana/dashboards/*.json", func(name string, text []byte) {
		if encoded := dashboards[name]; strings.TrimSpace(encoded) != strings.TrimSpace(string(text)) {
			t.Errorf("%s differs in the chart", name)
		}
	})
}

func each(t *testing.T, pattern string, do func(name string, text []byte)) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, nothing there", pattern, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		do(filepath.Base(path), text)
	}
}

// TestEveryTargetIsScrapedAndReachable holds ServiceMonitor and NetworkPolicy
// against the exporter's configuration.
func TestEveryTargetIsScrapedAndReachable(t *testing.T) {
	files := render(t, everything, "Helm")
	monitor := files["dbsync/templates/servicemonitor.yaml"]
	for _, name := range []string{"erp-primary", "erp-replica", "crm", "local"} {
		if !strings.Contains(monitor, "{targetLabel: instance, replacement: "+name+"}") {
			t.Errorf("%s is not scraped:\n%s", name, monitor)
		}
	}
	if n := strings.Count(monitor, "path: /probe"); n != 3 {
		t.Errorf("%d probes, want one for each target but the default one", n)
	}
	policy := files["dbsync/templates/service.yaml"]
	for _, port := range []string{"3306", "3307", "8443"} {
		if strings.Count(policy, "port: "+port+"}") != 1 {
			t.Errorf("port %s is not open once:\n%s", port, policy)
		}
	}
}

// TestRestoreTests holds the jobs against what dbsyncctl takes.
func TestRestoreTests(t *testing.T) {
	const path = "dbsync/templates/restoretest.yaml"
	if text := render(t, "", "Helm")[path]; strings.TrimSpace(text) != "" {
		t.Errorf("without a backup there is\n%s", text)
	}
	var names []string
	for _, o := range objects(t, render(t, everything, "Helm")[path]) {
		names = append(names, o.Kind+" "+o.Metadata.Name)
	}
	want := []string{"CronJob dbsync-restore-nightly", "NetworkPolicy dbsync-restore-test", "CronJob dbsync-restore-weekly-full-1"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	for _, flag := range []string{"Weekly_full.1", "--push=http://dbsync:19104", "--temp-dir=/restore", "--live"} {
		if !strings.Contains(render(t, everything, "Helm")[path], flag) {
			t.Errorf("no %s", flag)
		}
	}
}

// TestPlainManifests keeps them what the chart gives without values.
func TestPlainManifests(t *testing.T) {
	files := render(t, "", "kubectl")
	for path, parts := range map[string][]string{
		"dbsync.yaml":         {"config", "deployment", "service"},
		"servicemonitor.yaml": {"servicemonitor"},
	} {
		var out strings.Builder
		out.WriteString("# SPDX-License-Identifier: Apache-2.0\n#\n# Generated from chart/ by `go test . -update`; do not edit.\n")
		for _, part := range parts {
			out.WriteString("---\n" + strings.TrimSpace(files["dbsync/templates/"+part+".yaml"]) + "\n")
		}
		want := helmOnly.ReplaceAllString(out.String(), "")
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s is stale: go test . -update", path)
		}
	}
}

// helmOnly is what means nothing where the manifests are applied by hand.
var helmOnly = regexp.MustCompile(`(?m)^ *(checksum/config|app\.kubernetes\.io/instance|app\.kubernetes\.io/managed-by): .*\n|^ *annotations:\n *# A changed .*\n`)

type kubernetesObject struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec any               `json:"spec"`
	Data map[string]string `json:"data"`
}

func objects(t *testing.T, text string) []kubernetesObject {
	t.Helper()
	var all []kubernetesObject
	for _, part := range strings.Split("\n"+text, "\n---\n") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		var o kubernetesObject
		if err := yaml.Unmarshal([]byte(part), &o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b kubernetesObject) int { return strings.Compare(a.Metadata.Name, b.Metadata.Name) })
	return all
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	text, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
