// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/easy-erp/dbsync/grafana"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// What the shipped provisioning says where another place is to be written.
const (
	shippedDashboards = "/var/lib/grafana/dashboards/dbsync"
	shippedSource     = "$PROMETHEUS_URL"
)

// grafanaStart bounds its start: the first one builds a database.
const grafanaStart = 2 * time.Minute

// grafanaHome returns the folder of Grafana's own files, below which its defaults are.
func grafanaHome(program string) (string, error) {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	prefix := filepath.Dir(filepath.Dir(program))
	for _, home := range []string{prefix, filepath.Join(prefix, "share/grafana"), "/usr/share/grafana", "/usr/local/share/grafana"} {
		if _, err := os.Stat(filepath.Join(home, "conf/defaults.ini")); err == nil {
			return home, nil
		}
	}
	return "", fmt.Errorf("%s has no home folder with conf/defaults.ini", program)
}

// runGrafana starts Grafana, where it is installed, once all else is up. Nothing depends on it, so that its failure is
// only told.
func (s *Stack) runGrafana(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, grafanaStart)
	defer cancel()
	service, err := s.startGrafana(ctx)
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) {
			s.say("grafana", "does not start, all else works: %v", err)
		}
		return
	}
	s.atEnd(service.Stop)
	s.grafana.Store(service)
	s.say("grafana", "%s", service.URL())
}

func (s *Stack) startGrafana(ctx context.Context) (*sandbox.Service, error) {
	program := s.options.Programs.Grafana
	home, err := grafanaHome(program.Path)
	if err != nil {
		return nil, err
	}
	dir, err := s.writeGrafana()
	if err != nil {
		return nil, err
	}
	log, err := s.logFile("grafana")
	if err != nil {
		return nil, err
	}
	servers, err := s.folder.below(serversName, 0o711)
	if err != nil {
		return nil, err
	}
	options := sandbox.ServiceOptions{
		Program: program, Dir: servers, Port: portOf(s.at.grafana), Log: log, Ready: "/api/health",
		Arguments: func(_, data string) []string {
			args := []string{"server", "--homepath", home, "--config", filepath.Join(dir, "grafana.ini")}
			for _, part := range []string{"data", "logs", "plugins"} { // by default some are below its home
				args = append(args, "cfg:paths."+part+"="+filepath.Join(data, part))
			}
			if filepath.Base(program.Path) == "grafana-server" { // the older program is the sub-command
				args = args[1:]
			}
			return args
		},
	}
	return sandbox.StartService(ctx, options)
}

// writeGrafana writes its configuration, the shipped dashboards and what provisions them.
func (s *Stack) writeGrafana() (string, error) {
	dir, err := s.folder.below("grafana", 0o755)
	if err != nil {
		return "", err
	}
	places := func(text []byte) []byte {
		text = bytes.ReplaceAll(text, []byte(shippedDashboards), []byte(filepath.Join(dir, "dashboards")))
		return bytes.ReplaceAll(text, []byte(shippedSource), []byte(s.prometheus.URL()))
	}
	for _, files := range []fs.FS{grafana.Dashboards, grafana.Provisioning} {
		if err := writeAll(files, dir, places); err != nil {
			return "", err
		}
	}
	return dir, os.WriteFile(filepath.Join(dir, "grafana.ini"), []byte(s.grafanaConfig(dir)), 0o644)
}

func writeAll(files fs.FS, dir string, change func([]byte) []byte) error {
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, change(text), 0o644)
	})
}

// grafanaConfig opens the dashboards to whoever reaches this machine's loopback interface, to look only.
func (s *Stack) grafanaConfig(dir string) string {
	return fmt.Sprintf(`[server]
http_addr = 127.0.0.1
http_port = %d
[paths]
provisioning = %s
[auth.anonymous]
enabled = true
org_role = Viewer
[dashboards]
default_home_dashboard_path = %s
[log]
mode = console
[analytics]
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false
`, portOf(s.at.grafana), filepath.Join(dir, "provisioning"), filepath.Join(dir, "dashboards/dbsync-overview.json"))
}
