// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const runToken = "0123456789abcdef0123456789abcdef"

// step is one step of a pipeline in docs/runs.md.
type step struct {
	argv []string          // the shell and its command, or a command of its own
	env  map[string]string // what the CI's store of secrets gives: the token, or "file" for a file that holds it
}

// TestDocumentedPipelines runs the steps that docs/runs.md shows as their CIs do: with sh, and with the token where
// their store of secrets puts it.
func TestDocumentedPipelines(t *testing.T) {
	bin := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "dbsyncctl"), "../dbsyncctl").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile("../../docs/runs.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		step
		task string
	}{
		"GitHub Actions": {githubStep(t, fence(t, text, "yaml", "- name: Migrate")), `run_type="migration",status="%",task="erp"`},
		"GitLab CI":      {gitlabStep(t, fence(t, text, "yaml", "migrate:")), `run_type="migration",status="%",task="erp"`},
		"Jenkins":        {jenkinsStep(t, fence(t, text, "groovy", "withCredentials")), `run_type="migration",status="%",task="erp"`},
		"Kubernetes":     {kubernetesStep(t, fence(t, text, "yaml", "apiVersion")), `run_type="sync",status="%",task="warehouse"`},
	} {
		t.Run(name, func(t *testing.T) {
			token := file(t, "token", runToken+"\n")
			d := startDaemon(t, nil, "--config.file="+file(t, "dbsync.yml", "collectors: {host: false}\njobs: {state_dir: "+t.TempDir()+"}\n"),
				"--web.enable-run-api", "--web.run-token-file="+token)
			for status, exit := range map[string]string{"success": "0", "failed": "3"} {
				for _, tool := range []string{"migrate", "warehouse-sync"} {
					script := "#!/bin/sh\n[ $# -gt 0 ] && exit " + exit + "\n"
					if err := os.WriteFile(filepath.Join(bin, tool), []byte(script), 0o700); err != nil { // a program
						t.Fatal(err)
					}
				}
				if code := c.run(t, bin, d.url, token); code != map[string]int{"0": 0, "3": 3}[exit] {
					t.Errorf("the step ended with %d, its command with %s", code, exit)
				}
				d.shows(t, "dbsync_run_total{"+strings.ReplaceAll(c.task, "%", status)+"} 1")
			}
		})
	}
}

// run returns the step's exit code.
func (s step) run(t *testing.T, bin, exporter, tokenFile string) int {
	t.Helper()
	var argv []string
	for _, word := range s.argv {
		argv = append(argv, strings.ReplaceAll(word, "https://dbsync.example.com:19104", exporter))
	}
	if argv[0] == "dbsyncctl" {
		argv[0] = filepath.Join(bin, argv[0])
	}
	command := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	command.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "DATABASE=mysql://erp@tcp(db1:3306)/erp")
	for name, value := range s.env {
		if value == "file" {
			value = tokenFile
		}
		command.Env = append(command.Env, name+"="+value)
	}
	out, _ := command.CombinedOutput()
	if len(out) > 0 {
		t.Errorf("the step wrote %s", out)
	}
	return command.ProcessState.ExitCode()
}

// fence returns the block of code that begins so.
func fence(t *testing.T, page []byte, language, begin string) []byte {
	t.Helper()
	_, rest, ok := strings.Cut(string(page), "```"+language+"\n"+begin)
	block, _, end := strings.Cut(rest, "\n```\n")
	if !ok || !end {
		t.Fatalf("no block that begins with %q", begin)
	}
	return []byte(begin + block + "\n")
}

func unmarshal[T any](t *testing.T, block []byte) T {
	t.Helper()
	var into T
	if err := yaml.Unmarshal(block, &into); err != nil {
		t.Fatalf("%v\n%s", err, block)
	}
	return into
}

func githubStep(t *testing.T, block []byte) step {
	t.Helper()
	steps := unmarshal[[]struct {
		Env map[string]string `yaml:"env"`
		Run string            `yaml:"run"`
	}](t, block)
	if got := steps[0].Env["DBSYNC_RUN_TOKEN"]; got != "${{ secrets.DBSYNC_RUN_TOKEN }}" {
		t.Errorf("the token is %q", got)
	}
	return step{[]string{"sh", "-e", "-c", steps[0].Run}, map[string]string{"DBSYNC_RUN_TOKEN": runToken}}
}

func gitlabStep(t *testing.T, block []byte) step {
	t.Helper()
	jobs := unmarshal[map[string]struct {
		Script []string `yaml:"script"`
	}](t, block)
	return step{[]string{"sh", "-e", "-c", strings.Join(jobs["migrate"].Script, "\n")}, map[string]string{"DBSYNC_RUN_TOKEN_FILE": "file"}}
}

func jenkinsStep(t *testing.T, block []byte) step {
	t.Helper()
	match := regexp.MustCompile(`(?s)variable: '(\w+)'.*\bsh '([^']+)'`).FindSubmatch(block)
	if match == nil {
		t.Fatalf("no credential and command in\n%s", block)
	}
	return step{[]string{"sh", "-e", "-c", string(match[2])}, map[string]string{string(match[1]): runToken}}
}

func kubernetesStep(t *testing.T, block []byte) step {
	t.Helper()
	type podSpec struct {
		Containers []struct {
			Command []string `yaml:"command"`
			Env     []struct {
				Name string `yaml:"name"`
			} `yaml:"env"`
		} `yaml:"containers"`
	}
	job := unmarshal[struct {
		Spec struct {
			JobTemplate struct {
				Spec struct {
					Template struct {
						Spec podSpec `yaml:"spec"`
					} `yaml:"template"`
				} `yaml:"spec"`
			} `yaml:"jobTemplate"`
		} `yaml:"spec"`
	}](t, block)
	container := job.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	return step{container.Command, map[string]string{container.Env[0].Name: runToken}}
}
