// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	nfpmfiles "github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
)

// packages writes the Debian and the RPM package.
func (r *release) packages(p platform, programs, helpers []file) error {
	dir, err := os.MkdirTemp("", "dbsync-package-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for format, packager := range map[string]nfpm.Packager{"deb": deb.Default, "rpm": rpm.DefaultRPM} {
		contents, err := r.contents(dir, format, programs, helpers)
		if err != nil {
			return err
		}
		info := nfpm.WithDefaults(&nfpm.Info{
			Name: "dbsync", Arch: p.arch, Platform: "linux", Version: r.version, VersionSchema: "semver", Release: "1",
			Section: "net", Priority: "optional", Maintainer: "dbsync maintainers <dbsync@users.noreply.github.com>",
			Description: "Prometheus exporter for migrations and backups of MySQL and MariaDB\n" +
				"dbsync_exporter exports migrations, backups and the health of database servers;\ndbsyncctl runs, checks and asks the monitoring system around it.",
			Homepage: "https://github.com/easy-erp/dbsync", License: "Apache-2.0", MTime: r.date,
			Overridables: nfpm.Overridables{
				Contents:   contents,
				Recommends: []string{"prometheus", "prometheus-alertmanager"},
				Scripts:    r.scripts(format),
				Deb:        nfpm.Deb{Compression: "xz", Fields: map[string]string{"Rules-Requires-Root": "no"}},
				RPM:        nfpm.RPM{Compression: "xz", Group: "System/Monitoring", BuildHost: "dbsync", Summary: "Prometheus exporter for migrations and backups of MySQL and MariaDB"},
			},
		})
		if format == "rpm" {
			info.Recommends = nil // those packages have no common name there
		}
		if err := nfpm.PrepareForPackager(info, format); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
		var packed bytes.Buffer
		if err := packager.Package(info, &packed); err != nil {
			return fmt.Errorf("%s: %w", format, err)
		}
		name := packager.ConventionalFileName(info)
		if err := os.WriteFile(filepath.Join(r.out, name), packed.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// scripts make the account and start, restart and stop the service.
func (r *release) scripts(format string) nfpm.Scripts {
	script := func(name string) string {
		return filepath.Join(r.root, "deploy", "packages", format+"-"+name+".sh")
	}
	return nfpm.Scripts{PostInstall: script("postinstall"), PreRemove: script("preremove"), PostRemove: script("postremove")}
}

// contents lays the files out as a distribution does.
func (r *release) contents(dir, format string, programs, helpers []file) (nfpmfiles.Contents, error) {
	var all nfpmfiles.Contents
	add := func(source, target, kind string, mode os.FileMode) {
		all = append(all, &nfpmfiles.Content{
			Source: source, Destination: target, Type: kind,
			FileInfo: &nfpmfiles.ContentFileInfo{Mode: mode, Owner: "root", Group: "root", MTime: r.date},
		})
	}
	for _, p := range programs {
		add(p.path, "/usr/bin/"+p.name, "", 0o755)
	}
	for _, h := range helpers {
		source := filepath.Join(dir, filepath.Base(h.name))
		text, target := h.text, ""
		switch {
		case strings.HasPrefix(h.name, "man/"):
			target, source = "/usr/share/man/man1/"+filepath.Base(h.name)+".gz", source+".gz"
			text = compress(text)
		case strings.HasSuffix(h.name, ".bash"):
			target = "/usr/share/bash-completion/completions/" + strings.TrimSuffix(filepath.Base(h.name), ".bash")
		default:
			target = "/usr/share/zsh/" + map[string]string{"deb": "vendor-completions", "rpm": "site-functions"}[format] + "/" + filepath.Base(h.name)
		}
		if err := os.WriteFile(source, text, 0o644); err != nil {
			return nil, err
		}
		add(source, target, "", 0o644)
	}
	for source, target := range map[string]string{
		"deploy/systemd/dbsync_exporter.service":      "/usr/lib/systemd/system/dbsync_exporter.service",
		"deploy/systemd/dbsync-restore-test@.service": "/usr/lib/systemd/system/dbsync-restore-test@.service",
		"deploy/systemd/dbsync-restore-test@.timer":   "/usr/lib/systemd/system/dbsync-restore-test@.timer",
		"deploy/systemd/dbsync.sysusers":              "/usr/lib/sysusers.d/dbsync.conf",
		"deploy/systemd/dbsync.tmpfiles":              "/usr/lib/tmpfiles.d/dbsync.conf",
		"deploy/config/dbsync.yml":                    "/usr/share/doc/dbsync/examples/dbsync.yml",
		"README.md":                                   "/usr/share/doc/dbsync/README.md",
		"NOTICE":                                      "/usr/share/doc/dbsync/NOTICE",
	} {
		add(filepath.Join(r.root, source), target, "", 0o644)
	}
	add(filepath.Join(r.root, "deploy/systemd/dbsync_exporter.default"), "/etc/default/dbsync_exporter", "config|noreplace", 0o640)
	add(filepath.Join(r.root, "deploy/packages/dbsync.yml"), "/etc/dbsync/dbsync.yml", "config|noreplace", 0o640)
	if format == "deb" {
		add(filepath.Join(r.root, "deploy/packages/copyright"), "/usr/share/doc/dbsync/copyright", "", 0o644)
	} else {
		add(filepath.Join(r.root, "LICENSE"), "/usr/share/licenses/dbsync/LICENSE", "", 0o644)
	}
	return all, nil
}
