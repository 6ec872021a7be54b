// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/exporter"
)

// startExporter writes the exporter's configuration and starts it.
func (s *Stack) startExporter() error {
	text, err := yaml.Marshal(s.exporterConfig())
	if err != nil {
		return err
	}
	path := filepath.Join(s.folder.root, "dbsync.yml")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	return s.runExporter(path)
}

// runExporter runs the daemon in this process, as a library.
func (s *Stack) runExporter(configFile string) error {
	log, err := s.logFile("exporter")
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.at.exporter)
	if err != nil {
		return err
	}
	known := config.Known{Collectors: exporter.Names(exporter.Definitions()), Tools: migration.Tools()}
	daemon, err := exporter.New(exporter.Options{
		Load:          func() (*config.Config, error) { return config.Load(configFile, config.Options{Known: known}) },
		Web:           &web.FlagConfig{WebConfigFile: new(string)},
		Listeners:     []net.Listener{listener},
		TimeoutOffset: timeoutOffset,
		Logger:        slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- daemon.Run(ctx) }()
	s.atEnd(func() error {
		cancel()
		return <-ended
	})
	s.say("exporter", "http://%s", s.at.exporter)
	return nil
}

// timeoutOffset is what the exporter's own flag has by default.
const timeoutOffset = 250 * time.Millisecond

// tree is YAML whose keys are the exporter's to check.
type tree = map[string]any

// exporterConfig is the configuration that a user would write for this server.
func (s *Stack) exporterConfig() tree {
	module := tree{"user": s.login.User, "password_file": filepath.Join(s.folder.root, "secrets", "mysql.password")}
	if tls := tlsMode(s.login.TLSConfig); tls != "" {
		module["tls"] = tree{"mode": tls}
	}
	config := tree{
		"mysql": tree{
			"modules":        tree{"default": module},
			"targets":        []tree{{"name": Instance, "address": s.targetAddress()}},
			"default_target": Instance,
		},
		"jobs": tree{"state_dir": filepath.Join(s.folder.root, "jobs")},
	}
	if s.company != nil {
		s.describeCompany(config)
	}
	return config
}

// targetAddress is the server as the exporter names it.
func (s *Stack) targetAddress() string {
	if s.login.Net == "unix" {
		return "unix://" + s.login.Addr
	}
	return s.login.Addr
}

func (s *Stack) describeCompany(config tree) {
	every := s.options.BackupEvery
	config["migrations"] = tree{"histories": []tree{{
		"target": Instance, "schema": erp.Schema, "tool": "golang-migrate", "table": "schema_migrations",
		"directory": s.company.migrator.Dir, "max_duration": "30m",
	}}, "compare_schemas": []string{erp.Schema}}
	config["backups"] = []tree{{
		"name": "nightly", "target": Instance, "method": "mysqldump", "path": filepath.Join(s.company.dumper.dir, "*.sql"),
		"expected_interval": model.Duration(every).String(),
		"max_duration":      model.Duration(max(every, time.Minute)).String(),
		"min_size":          "64KiB",
		"verify":            tree{"level": "stream", "interval": "10m"},
	}}
	config["apis"] = []tree{{
		"name": "gateway", "access_log": s.company.gateway.accessLog, "format": "json", "routes": erp.Routes(),
		"objective": "99.9%", "latency_objective": "500ms", "probe": s.company.gateway.url + "/health",
	}}
	config["logs"] = []tree{
		{"name": "database", "path": filepath.Join(s.folder.root, "logs", "database.log"), "format": "mysql",
			"patterns": tree{"restart": "ready for connections"}, "expected_interval": "7d"},
		{"name": "slow", "path": filepath.Join(s.company.server.DataDir(), slowLog), "format": "slow"},
	}
	config["host"] = tree{
		"paths": []tree{{"role": "backup", "path": s.company.dumper.dir}},
	}
}

// tlsMode translates the driver's names for how far TLS is trusted (the DSN's tls parameter).
func tlsMode(name string) string {
	switch name {
	case "true":
		return "verify-full"
	case "skip-verify":
		return "insecure"
	case "false":
		return "disabled"
	}
	return ""
}
