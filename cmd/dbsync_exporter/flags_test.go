// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"net"
	"strings"
	"testing"

	"github.com/easy-erp/dbsync/internal/exporter"
)

func TestExitCodes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good := hostOnly(t)
	for _, c := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{[]string{"--help"}, 0, "--[no-]collector.host", ""},
		{[]string{"--version"}, 0, program + ", version", ""},
		{[]string{"--config.file=" + good, "--config.check"}, 0, "The configuration is valid.", ""},
		{[]string{"--config.file=" + good + "-missing", "--config.check"}, 1, "", "no such file"},
		{[]string{"--config.file=" + file(t, "dbsync.yml", "job: {}"), "--config.check"}, 1, "", `dbsync.yml:1: job: unknown key: did you mean "jobs"?`},
		{[]string{"--config.file=" + good, "--web.config.file=" + file(t, "web.yml", "tls_servre_config: {}"), "--config.check"}, 1, "", "tls_servre_config"},
		{[]string{"--config.file=" + good, "--web.listen-address=" + taken.Addr().String()}, 1, "", "address already in use"},
		{[]string{"--config.file=" + good, "--web.enable-run-api"}, 1, "", "--web.run-token-file"},
		{[]string{"--config.file=" + good, "--web.telemetry-path=/probe"}, 1, "", "web.telemetry-path"},
		{[]string{"--config.fil=" + good}, 2, "", "unknown long flag '--config.fil'"},
		{[]string{"--collector.nope"}, 2, "", "unknown long flag '--collector.nope'"},
		{[]string{"--mysql.user=a", "--config.file=" + file(t, "dbsync.yml", "mysql: {modules: {default: {user: b}}, targets: [{name: a, address: '127.0.0.1:1'}]}")},
			1, "", "the file lists the targets: remove --mysql.address"},
	} {
		code, stdout, stderr := once(t, nil, c.args...)
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%v: exit code %d, stdout %.300q, stderr %.500q", c.args, code, stdout, stderr)
		}
	}
}

// Every collector and group has its flag, with what it tells and its default.
func TestEveryCollectorHasItsFlag(t *testing.T) {
	_, help, _ := once(t, nil, "--help")
	defs := exporter.Definitions()
	for _, name := range exporter.Names(defs) {
		if !strings.Contains(help, "--[no-]collector."+name) {
			t.Errorf("no flag of %s", name)
		}
	}
	if on := strings.Count(strings.Join(strings.Fields(help), " "), "(default: on)"); on < len(defs)/2 {
		t.Errorf("%d collectors are said to be on", on)
	}
}

func TestSwitchesOnTheCommandLine(t *testing.T) {
	d := startDaemon(t, nil, "--config.file="+file(t, "dbsync.yml", "collectors: {host: true}"), "--no-collector.host", "--web.max-requests=3")
	if body := d.get(t, "/metrics"); strings.Contains(body, "node_load1") {
		t.Error("the flag does not win over the file")
	}
	if body := d.get(t, "/config"); !strings.Contains(body, "host: false") {
		t.Errorf("not shown:\n%s", body)
	}
}
