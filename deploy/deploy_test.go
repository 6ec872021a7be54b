// SPDX-License-Identifier: Apache-2.0

// Package deploy_test holds the deployments against the rest of the repository:
// their configurations load, what they mount exists, and names agree.
package deploy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/prometheus"
)

// TestConfigurationsLoad also holds the default target's name against the label
// instance of the shipped scrape configuration: every join rests on it.
func TestConfigurationsLoad(t *testing.T) {
	want := scrapedInstance(t)
	for name, path := range map[string]string{
		"example":    filepath.Join("config", "dbsync.yml"),
		"compose":    filepath.Join("compose", "dbsync.yml"),
		"packages":   filepath.Join("packages", "dbsync.yml"),
		"kubernetes": fromConfigMap(t),
	} {
		c, err := config.Load(path, config.Options{Known: config.Known{
			Collectors: []string{"host"}, Tools: []string{"flyway"},
		}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := c.DefaultTarget(); got != want {
			t.Errorf("%s: default_target is %q and prometheus.yml sets instance: %s", name, got, want)
		}
	}
}

// TestCompose checks what docker-compose cannot know to be a mistake.
func TestCompose(t *testing.T) {
	var file composeFile
	decode(t, filepath.Join("compose", "docker-compose.yml"), &file)
	for name, s := range file.Services {
		if !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %q is not pinned to a version", name, s.Image)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %s is open beyond this machine", name, port)
			}
		}
		for _, volume := range s.Volumes {
			checkMount(t, name, volume)
		}
	}
}

// composeFile is what the test reads of a Compose file.
type composeFile struct {
	Services map[string]struct {
		Image   string   `yaml:"image"`
		Ports   []string `yaml:"ports"`
		Volumes []string `yaml:"volumes"`
	} `yaml:"services"`
}

// pinned is a version down to the last number that its publisher gives, or the
// image built from here. karma has two.
var pinned = regexp.MustCompile(`:(v?\d+\.\d+\.\d+|v0\.\d+|local)$`)

// checkMount wants mounted files of this repository to exist; the engine would
// otherwise put an empty folder in their place.
func checkMount(t *testing.T, service, volume string) {
	t.Helper()
	source, _, _ := strings.Cut(volume, ":")
	if !strings.HasPrefix(source, ".") || source == "./backup" { // the engine makes that one
		return
	}
	if _, err := os.Stat(filepath.Join("compose", source)); err != nil {
		t.Errorf("%s: %v", service, err)
	}
}

// TestKubernetesServiceReachesTheExporter holds the ports and image against
// the exporter's.
func TestKubernetesServiceReachesTheExporter(t *testing.T) {
	manifests := read(t, filepath.Join("kubernetes", "dbsync.yaml"))
	for _, must := range []string{"containerPort: 19104", "port: 19104", `image: "dbsync_exporter:0.1.0"`} {
		if !strings.Contains(manifests, must) {
			t.Errorf("kubernetes/dbsync.yaml lacks %q", must)
		}
	}
}

// fromConfigMap writes the configuration inside the Kubernetes manifests to a
// file and gives its path.
func fromConfigMap(t *testing.T) string {
	t.Helper()
	manifests := yaml.NewDecoder(strings.NewReader(read(t, filepath.Join("kubernetes", "dbsync.yaml"))))
	for {
		var object struct {
			Kind string            `yaml:"kind"`
			Data map[string]string `yaml:"data"`
		}
		if err := manifests.Decode(&object); errors.Is(err, io.EOF) {
			t.Fatal("kubernetes/dbsync.yaml has no ConfigMap")
		} else if err != nil {
			t.Fatal(err)
		}
		if object.Kind == "ConfigMap" {
			path := filepath.Join(t.TempDir(), "dbsync.yml")
			if err := os.WriteFile(path, []byte(object.Data["dbsync.yml"]), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
}

// scrapedInstance is the label that the shipped prometheus.yml gives the
// exporter's own target.
func scrapedInstance(t *testing.T) string {
	t.Helper()
	var file struct {
		Jobs []struct {
			Name   string `yaml:"job_name"`
			Static []struct {
				Labels map[string]string `yaml:"labels"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.NewDecoder(bytes.NewReader(prometheus.Config)).Decode(&file); err != nil {
		t.Fatal(err)
	}
	for _, job := range file.Jobs {
		if job.Name == "dbsync" {
			return job.Static[0].Labels["instance"]
		}
	}
	t.Fatal("prometheus.yml has no job dbsync")
	return ""
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
