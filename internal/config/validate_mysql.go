// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/easy-erp/dbsync/internal/suggest"
)

// maxConnections bounds max_connections: a monitor that takes more of a server's
// connections has become part of its load.
const maxConnections = 10

func (v *validator) mysql(m *mysqlSection) {
	if m.MaxConnections < 1 || m.MaxConnections > maxConnections {
		v.add("mysql.max_connections", "%d: want 1 to %d", m.MaxConnections, maxConnections)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Modules)) {
		v.module("mysql.modules."+name, name, m.Modules[name])
	}
	names := map[string]bool{}
	for i, e := range m.Targets {
		v.mysqlTarget(fmt.Sprintf("mysql.targets[%d]", i), e, names)
	}
	if m.DefaultTarget != "" {
		v.target("mysql.default_target", m.DefaultTarget)
	}
	for i, e := range m.Targets {
		v.source(fmt.Sprintf("mysql.targets[%d].source", i), e)
	}
	v.heartbeat("mysql.heartbeat.table", m.Heartbeat)
}

// source checks the target that another one replicates from.
func (v *validator) source(key string, e targetEntry) {
	switch e.Source {
	case "":
	case e.Name:
		v.add(key, "%s cannot be its own source: name another target or remove it", e.Name)
	default:
		v.target(key, e.Source)
	}
}

func (v *validator) heartbeat(key string, e heartbeatEntry) {
	schema, table, ok := strings.Cut(e.Table, ".")
	if e.Table != "" && (!ok || schema == "" || table == "") {
		v.add(key, "%q: want schema.table, such as percona.heartbeat", e.Table)
	}
	v.config.heartbeat = Heartbeat{schema, table, e.UTC}
}

func (v *validator) module(key, name string, e moduleEntry) {
	sources := 0
	for _, set := range []bool{!e.Password.IsZero(), e.PasswordFile != "", e.MyCnf != ""} {
		if set {
			sources++
		}
	}
	if sources > 1 {
		v.add(key, "password, password_file and my_cnf exclude each other: keep one")
	}
	v.absolute(key+".password_file", e.PasswordFile)
	m := Module{Name: name, User: e.User, password: e.Password, passwordFile: e.PasswordFile}
	tls := e.TLS
	if e.MyCnf != "" {
		m.myCnf = homed(e.MyCnf)
		v.absolute(key+".my_cnf", m.myCnf)
		c, err := readMyCnf(m.myCnf)
		if err != nil {
			v.add(key+".my_cnf", "%v", err)
		}
		m.User, tls = first(e.User, c.user), tls.or(c.tls)
	}
	if m.User == "" {
		v.add(key+".user", "missing: name the account that the exporter logs in as")
	}
	m.TLS = v.tls(key+".tls", tls)
	v.config.modules[name] = m
}

// or returns the entry with what it does not say taken from other.
func (t tlsEntry) or(other tlsEntry) tlsEntry {
	return tlsEntry{
		Mode: first(t.Mode, other.Mode), CAFile: first(t.CAFile, other.CAFile), CertFile: first(t.CertFile, other.CertFile),
		KeyFile: first(t.KeyFile, other.KeyFile), ServerPublicKey: first(t.ServerPublicKey, other.ServerPublicKey),
	}
}

func (v *validator) tls(key string, t tlsEntry) TLS {
	setDefault(&t.Mode, ModeAuto)
	v.oneOf(key+".mode", t.Mode, ModeAuto, ModeDisabled, ModeVerifyCA, ModeVerifyFull, ModeInsecure)
	v.absolute(key+".ca_file", t.CAFile)
	v.absolute(key+".cert_file", t.CertFile)
	v.absolute(key+".key_file", t.KeyFile)
	v.absolute(key+".server_public_key", t.ServerPublicKey)
	if (t.CertFile == "") != (t.KeyFile == "") {
		v.add(key, "cert_file and key_file belong together: give both or none")
	}
	if t.Mode == ModeVerifyCA && t.CAFile == "" {
		v.add(key+".mode", "verify-ca needs ca_file: any certificate that a public authority signed would do")
	}
	return TLS{t.Mode, t.CAFile, t.CertFile, t.KeyFile, t.ServerPublicKey}
}

func (v *validator) mysqlTarget(key string, e targetEntry, taken map[string]bool) {
	v.name(key+".name", e.Name, taken)
	if err := checkAddress(e.Address); err != nil {
		v.add(key+".address", "%v", err)
	}
	m, ok := v.config.modules[e.Module]
	if !ok {
		v.add(key+".module", "no module is called %q: %s", e.Module, suggest.Name(e.Module, v.config.ModuleNames()))
	}
	if m.TLS.Mode == ModeDisabled && m.TLS.ServerPublicKeyFile == "" && !isLocal(e.Address) {
		v.add(key, "tls.mode of module %s is disabled, and %s is not on this machine: anyone between could take the password. "+
			"Use verify-full or verify-ca, give server_public_key, or say mode: insecure on purpose", e.Module, e.Address)
	}
	v.config.targets = append(v.config.targets, Target{e.Name, e.Address, m, e.Source})
}
