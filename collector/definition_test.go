// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// fakeServer is a server with the given facts and nothing to read.
type fakeServer struct {
	facts Facts
	err   error
}

func (s fakeServer) Facts(context.Context) (Facts, error) { return s.facts, s.err }
func (s fakeServer) Query(context.Context, func(Row) error, string, ...any) error {
	return errors.ErrUnsupported
}
func (s fakeServer) Ping(context.Context) error { return s.err }
func (s fakeServer) Background() Server         { return s }

func TestWhatIsMissingSkipsTheCollector(t *testing.T) {
	process := Privilege{Name: "PROCESS", On: "*.*", Why: "test"}
	server := func(f Facts) Server { return fakeServer{facts: f} }
	mysql84 := Facts{Flavour: MySQL, Version: Version{8, 4, 0}, PerformanceSchema: true, Grants: ParseGrants([]string{"GRANT PROCESS ON *.* TO `a`@`%`"})}
	for name, c := range map[string]struct {
		needs  Needs
		server Server
		want   Reason // "" when it runs
	}{
		"no server":                {Needs{Server: true}, nil, Unconfigured},
		"all there":                {Needs{Server: true, PerformanceSchema: true, Privileges: map[Flavour][]Privilege{MySQL: {process}}}, server(mysql84), ""},
		"percona counts as mysql":  {Needs{Server: true, Versions: map[Flavour]Range{MySQL: {}}}, server(Facts{Flavour: Percona}), ""},
		"other flavour":            {Needs{Server: true, Versions: map[Flavour]Range{MariaDB: {}}}, server(mysql84), Unsupported},
		"too old":                  {Needs{Server: true, Versions: map[Flavour]Range{MySQL: {From: Version{8, 10, 0}}}}, server(mysql84), Unsupported},
		"too new":                  {Needs{Server: true, Versions: map[Flavour]Range{MySQL: {Before: Version{8, 4, 0}}}}, server(mysql84), Unsupported},
		"no performance_schema":    {Needs{Server: true, PerformanceSchema: true}, server(Facts{Flavour: MariaDB}), Unconfigured},
		"no privilege":             {Needs{Server: true, Privileges: map[Flavour][]Privilege{MySQL: {{Name: "REPLICATION CLIENT", On: "*.*"}}}}, server(mysql84), Unprivileged},
		"optional privilege":       {Needs{Server: true, Privileges: map[Flavour][]Privilege{MySQL: {{Name: "SELECT", On: "app.*", Optional: true}}}}, server(mysql84), ""},
		"privilege of another one": {Needs{Server: true, Privileges: map[Flavour][]Privilege{MariaDB: {{Name: "SUPER", On: "*.*"}}}}, server(mysql84), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := definition("a", func(_ context.Context, out *Sink) error { out.Emit(plain, 1); return nil }, plain)
			d.Needs = c.needs
			s, err := NewScraper(&Target{Name: "t", Server: c.server}, []Definition{d})
			if err != nil {
				t.Fatal(err)
			}
			got := s.Scrape(t.Context())
			if c.want == "" {
				wantValue(t, got, 1, "dbsync_collector_success", "a")
				return
			}
			wantValue(t, got, 1, "dbsync_collector_skipped", "a", string(c.want))
			wantAbsent(t, got, "dbsync_collector_success", "a")
			wantAbsent(t, got, "test_plain")
		})
	}
}

func TestFailedLoginFailsTheCollector(t *testing.T) {
	d := definition("a", func(context.Context, *Sink) error { return nil }, plain)
	d.Needs.Server = true
	refused := &ConnectError{Reason: AccessDenied, Reachable: true, Err: errors.New("no")}
	s, err := NewScraper(&Target{Name: "t", Server: fakeServer{err: refused}}, []Definition{d})
	if err != nil {
		t.Fatal(err)
	}
	wantValue(t, s.Scrape(t.Context()), 0, "dbsync_collector_success", "a")
}

func TestGrants(t *testing.T) {
	grants := ParseGrants([]string{
		"GRANT PROCESS, BINLOG MONITOR ON *.* TO `dbsync`@`localhost` IDENTIFIED BY PASSWORD '*1' WITH MAX_USER_CONNECTIONS 3",
		"GRANT SELECT, SHOW VIEW ON `app\\_one`.* TO `dbsync`@`localhost`",
		`GRANT SELECT ON "Quoted".* TO "dbsync"@"localhost"`,
		"GRANT SELECT (version, dirty) ON `erp`.`schema_migrations` TO `dbsync`@`localhost`",
		"GRANT `monitor`@`%` TO `dbsync`@`localhost`",
	})
	for _, c := range []struct {
		name, on string
		want     bool
	}{
		{"PROCESS", "*.*", true},
		{"REPLICATION CLIENT", "*.*", false},
		{"BINLOG MONITOR", "*.*", true},
		{"SELECT", "*.*", false},
		{"SELECT", "app_one.*", true},
		{"SELECT", "app_one.t", true},
		{"SELECT", "quoted.*", true},
		{"SELECT", "erp.*", false},
	} {
		if got := grants.Has(Privilege{Name: c.name, On: c.on}); got != c.want {
			t.Errorf("%s ON %s = %v, want %v", c.name, c.on, got, c.want)
		}
	}
	if !ParseGrants([]string{"GRANT REPLICATION CLIENT ON *.* TO a"}).Has(Privilege{Name: "BINLOG MONITOR", On: "*.*"}) {
		t.Error("BINLOG MONITOR is what MariaDB calls REPLICATION CLIENT")
	}
	if !ParseGrants([]string{"GRANT ALL PRIVILEGES ON *.* TO root"}).Has(Privilege{Name: "PROCESS", On: "*.*"}) {
		t.Error("ALL PRIVILEGES has every privilege")
	}
}

func TestSelect(t *testing.T) {
	none := func(context.Context, *Sink) error { return nil }
	on, off := definition("mysql.a", none, plain), definition("mysql.b", none, byName)
	off.Default = false
	for _, c := range []struct {
		switches map[string]bool
		disabled bool
		want     []string
	}{
		{nil, false, []string{"mysql.a"}},
		{nil, true, nil},
		{map[string]bool{"mysql.b": true}, false, []string{"mysql.a", "mysql.b"}},
		{map[string]bool{"mysql": false}, false, nil},
		{map[string]bool{"mysql": false, "mysql.b": true}, false, []string{"mysql.b"}},
		{map[string]bool{"mysql": true}, true, []string{"mysql.a", "mysql.b"}},
	} {
		got, err := Select([]Definition{on, off}, c.switches, c.disabled)
		var names []string
		for _, d := range got {
			names = append(names, d.Name)
		}
		if err != nil || !slices.Equal(names, c.want) {
			t.Errorf("Select(%v, %v) = %v, %v; want %v", c.switches, c.disabled, names, err, c.want)
		}
	}
	var unknown *UnknownError
	if _, err := Select([]Definition{on}, map[string]bool{"mysql.nope": true}, false); !errors.As(err, &unknown) {
		t.Errorf("unknown collector: %v", err)
	}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	none := func(context.Context, *Sink) error { return nil }
	for name, defs := range map[string][]Definition{
		"collector twice":    {definition("a", none, plain), definition("a", none, byName)},
		"family twice":       {definition("a", none, plain), definition("b", none, plain)},
		"family of our own":  {definition("a", none, &Family{Name: "dbsync_collector_success", Help: "h"})},
		"reserved label":     {definition("a", none, &Family{Name: "x", Help: "h", Labels: []string{"instance"}})},
		"repeated label":     {definition("a", none, &Family{Name: "x", Help: "h", Labels: []string{"l", "l"}})},
		"no help":            {definition("a", none, &Family{Name: "x"})},
		"not a metric name":  {definition("a", none, &Family{Name: "x-y", Help: "h"})},
		"incomplete":         {{Name: "a"}},
		"open histogram":     {definition("a", none, &Family{Name: "x_", Help: "h", Open: true, Type: HistogramType})},
		"family of no group": {definition("", none, plain)},
	} {
		if Validate(defs) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestVersionsAreComparedByNumber(t *testing.T) {
	for _, c := range []struct {
		text string
		want Version
	}{
		{"10.11.6-MariaDB-0+deb12u1", Version{10, 11, 6}},
		{"8.0.35-27", Version{8, 0, 35}},
		{"9.7.4-2", Version{9, 7, 4}},
		{"26.10.0", Version{26, 10, 0}},
		{"11.4", Version{11, 4, 0}},
		{"8.0-rc", Version{8, 0, 0}},
	} {
		if got, err := ParseVersion(c.text); err != nil || got != c.want {
			t.Errorf("ParseVersion(%q) = %v, %v; want %v", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"", "MariaDB", "8", ".1", "8..1"} {
		if v, err := ParseVersion(text); err == nil {
			t.Errorf("ParseVersion(%q) = %v, want an error", text, v)
		}
	}
	if !(Version{10, 11, 0}).AtLeast(Version{10, 5, 9}) || (Version{8, 4, 9}).AtLeast(Version{8, 10, 0}) {
		t.Error("10.11 is later than 10.5, and 8.4 is not later than 8.10")
	}
}

func TestFlavourIsToldByName(t *testing.T) {
	for _, c := range []struct {
		version, comment string
		want             Flavour
	}{
		{"10.11.6-MariaDB-1", "Debian 12", MariaDB},
		{"8.0.35-27", "Percona Server (GPL), Release 27", Percona},
		{"26.10.0", "MySQL Community Server - GPL", MySQL},
		{"11.4.2", "mariadb.org binary distribution", MariaDB},
	} {
		if got := DetectFlavour(c.version, c.comment); got != c.want {
			t.Errorf("DetectFlavour(%q, %q) = %s, want %s", c.version, c.comment, got, c.want)
		}
	}
}
