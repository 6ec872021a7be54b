// SPDX-License-Identifier: Apache-2.0

//go:build unix

package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/envfile"
	"github.com/easy-erp/dbsync/internal/pack"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestComposeConfiguration asks docker-compose itself.
func TestComposeConfiguration(t *testing.T) {
	compose := testenv.Installed(t, "docker-compose")
	empty := filepath.Join(t.TempDir(), "empty.env")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, env := range []string{empty, ".env.example"} {
		command := exec.Command(compose, "--env-file", env, "config", "--quiet")
		command.Dir = "compose"
		if said, err := command.CombinedOutput(); err != nil {
			t.Errorf("docker-compose --env-file %s: %v\n%s", env, err, said)
		}
	}
}

// TestPasswordsAreMadeOnce runs the script of the service "prepare" twice.
func TestPasswordsAreMadeOnce(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"mysql", "exporter", "grafana"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var before string
	for range 2 {
		if said, err := exec.Command("sh", filepath.Join("compose", "prepare.sh"), dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		server, exporter := read(t, filepath.Join(dir, "mysql", "dbsync_password")), read(t, filepath.Join(dir, "exporter", "mysql.password"))
		if server != exporter || len(server) != 32 {
			t.Errorf("the server has %d characters, the exporter others: %v", len(server), server != exporter)
		}
		if root := read(t, filepath.Join(dir, "mysql", "root_password")); root == server {
			t.Error("root has the exporter's password")
		}
		if before != "" && before != server {
			t.Error("a password was replaced")
		}
		before = server
	}
}

// assignment is NAME: ${NAME:-default} in the environment of the service render.
var assignment = regexp.MustCompile(`(?m)^      ([A-Z_]+): \$\{([A-Z_]+):-(.*)\}$`)

// TestDefaultsOfComposeRender starts Prometheus and Alertmanager, old and new,
// with what the service "render" writes when .env is empty.
func TestDefaultsOfComposeRender(t *testing.T) {
	var variables []envfile.Variable
	for _, match := range assignment.FindAllStringSubmatch(read(t, filepath.Join("compose", "docker-compose.yml")), -1) {
		if match[1] != match[2] {
			t.Errorf("%s is set from %s", match[1], match[2])
		}
		variables = append(variables, envfile.Variable{Name: match[1], Value: match[3]})
	}
	if len(variables) < 15 {
		t.Fatalf("found %d variables", len(variables))
	}
	for version, edition := range map[string]sandbox.Edition{"0.25": testenv.Old, "0.33": testenv.New} {
		dir := t.TempDir()
		v := render.Values{Alertmanager: render.Alertmanager{Version: version}}
		result, err := envfile.Apply(variables, filepath.Join(dir, "alertmanager"), &v)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := render.Write(dir, pack.Source(), v, result.Files...); err != nil {
			t.Fatal(err)
		}
		in := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
		testenv.Prometheus(t, edition, in("prometheus/prometheus.yml"), "@"+in("prometheus/prometheus.flags"))
		testenv.Alertmanager(t, edition, in("alertmanager/alertmanager.yml"), "@"+in("alertmanager/alertmanager.flags"))
	}
}

// TestComposeKnowsEveryVariable keeps the three lists of variables in step.
func TestComposeKnowsEveryVariable(t *testing.T) {
	compose := read(t, filepath.Join("compose", "docker-compose.yml"))
	// The ports that it publishes, and what nothing reads.
	elsewhere := []string{"MONITORING_PORT", "MONITORING_HOST", "INFLUXDB_URL", "INFLUXDB_TOKEN", "INFLUXDB_ORG", "INFLUXDB_BUCKET", "LOG_RETENTION_DAYS"}
	for _, known := range envfile.All() {
		if !slices.Contains(elsewhere, known.Name) && !strings.Contains(compose, "      "+known.Name+": ${") {
			t.Errorf("the service render is not given %s", known.Name)
		}
	}
	if _, err := envfile.Parse(read(t, filepath.Join("compose", ".env.example"))); err != nil {
		t.Errorf(".env.example:%v", err)
	}
}
