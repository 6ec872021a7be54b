// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const testPassword = "hunter2 'is\" $ecret"

func testOptions() Options {
	return Options{
		Known: Known{
			Collectors:    []string{"host", "mysql", "mysql.locks", "mysql.processlist"},
			Tools:         []string{"flyway", "golang-migrate"},
			Methods:       []string{"mysqldump", "mydumper", "mysqlbackup", "restic", "xtrabackup", MethodJob},
			AccessFormats: []string{"combined", "json", "pattern"},
			LogFormats:    []string{"mysql", "plain", "slow"},
			Route: func(template string) error {
				if !strings.HasPrefix(template, "/") {
					return fmt.Errorf("route %q: want a path that begins with /", template)
				}
				return nil
			},
		},
		Getenv: func(name string) (string, bool) { return testPassword, name == "TEST_PASSWORD" },
	}
}

// Every mistake has a fixture, whose first lines are the exact messages.
func TestMistakesAreNamedWithTheirRemedy(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/invalid-*.yml")
	if err != nil || len(fixtures) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, path := range fixtures {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Load(path, testOptions())
			if err == nil {
				t.Fatal("it was taken for valid")
			}
			if got, want := err.Error(), wanted(string(text)); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the message holds a password")
			}
		})
	}
}

func wanted(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if message, ok := strings.CutPrefix(line, "# want: "); ok {
			lines = append(lines, strings.TrimSpace(message))
		}
	}
	return strings.Join(lines, "\n")
}

func load(t *testing.T, path string) *Config {
	t.Helper()
	c, err := Load(path, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryKeyArrives(t *testing.T) {
	c := load(t, "testdata/valid-full.yml")
	if got, want := c.TargetNames(), []string{"erp-primary", "erp-replica", "crm"}; !reflect.DeepEqual(got, want) {
		t.Errorf("targets %v, want %v", got, want)
	}
	replica, _ := c.Target("erp-replica")
	if want := (TLS{Mode: ModeDisabled, ServerPublicKeyFile: "/etc/dbsync/erp.pem"}); replica.Module.TLS != want {
		t.Errorf("tls %+v, want %+v", replica.Module.TLS, want)
	}
	if replica.Source != "erp-primary" || c.Heartbeat() != (Heartbeat{"percona", "heartbeat", true}) {
		t.Errorf("source %q, heartbeat %+v", replica.Source, c.Heartbeat())
	}
	crm, _ := c.Target("crm")
	if password, err := crm.Module.Password(); crm.Module.Name != "default" || password != testPassword || err != nil {
		t.Errorf("module %s, password %q, %v", crm.Module.Name, password, err)
	}
	histories := []History{{"erp-replica", "easy_erp", "flyway", "history", "/srv/erp", "", 30 * time.Minute, true}}
	if got := c.Histories("erp-replica"); !reflect.DeepEqual(got, histories) {
		t.Errorf("histories %+v, want %+v", got, histories)
	}
	if got := fmt.Sprint(c.CompareSchemas()); got != "[easy_erp crm]" {
		t.Errorf("schemas to compare %s", got)
	}
	backups := []Backup{{
		Name: "nightly", Target: "erp-primary", Method: "mysqldump", Path: "/backup/nightly/*.sql.gz",
		ExpectedInterval: 24 * time.Hour, MaxDuration: 20 * time.Minute, MinSize: 1 << 30,
		VerifyLevel: "stream", VerifyInterval: 24 * time.Hour, ReadRate: 64 << 20, RestoreTestInterval: 7 * 24 * time.Hour, RestoreTolerance: 0.05,
		RestoreChecks: []RestoreCheck{{"SELECT COUNT(*) > 0 FROM erp.invoice", "1"}}, MaxDataLoss: 15 * time.Minute,
	}, {
		Name: "physical", Target: "erp-primary", Method: "xtrabackup", MaxDuration: 10 * time.Minute, HistoryTable: true,
		Path: "s3://backups/erp/*", S3: &S3{Endpoint: "minio:9000", Region: "eu", Plain: true, AccessKey: "k", secretKey: NewSecret("s")},
	}}
	if got := c.Backups("erp-primary"); !reflect.DeepEqual(got, backups) {
		t.Errorf("backups %+v, want %+v", got, backups)
	}
	if got := c.BinlogArchives("erp-primary"); len(got) != 1 || got[0].Path != "/backup/binlog" || got[0].S3 != nil {
		t.Errorf("archives of erp-primary: %+v", got)
	}
	if got := c.BinlogArchives("crm"); len(got) != 1 || got[0].S3 == nil || got[0].S3.Endpoint != "minio:9000" {
		t.Errorf("archives of crm: %+v", got)
	}
	if got := c.Backups("crm"); len(got) != 1 || got[0].RunType != "backup" || got[0].ExpectedInterval != 7*24*time.Hour {
		t.Errorf("backups of crm %+v", got)
	}
	if c.DefaultTarget() != "erp-primary" || c.MaxConnections() != 3 || c.Discover() || c.StateDir() != "/srv/dbsync" {
		t.Errorf("default target %s, %d connections, discover %v, state dir %s",
			c.DefaultTarget(), c.MaxConnections(), c.Discover(), c.StateDir())
	}
	if got := fmt.Sprint(c.Collectors(), c.Paths(), c.Processes()); got != "map[host:false mysql.processlist:true] [{backup /backup}] [mysqld]" {
		t.Error(got)
	}
}

func TestMaintenanceWindowIsOpenFromItsStartToBeforeItsEnd(t *testing.T) {
	windows := load(t, "testdata/valid-full.yml").Windows("crm")
	start := time.Date(2026, 12, 1, 14, 0, 0, 0, time.UTC)
	for offset, open := range map[time.Duration]bool{-time.Second: false, 0: true, 2*time.Hour - 1: true, 2 * time.Hour: false} {
		if got := windows[0].Open(start.Add(offset)); got != open {
			t.Errorf("open after %v: %v, want %v", offset, got, open)
		}
	}
}

func TestEmptyFileIsTheDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "mysql:\n"} {
		c, err := Parse("dbsync.yml", []byte(text), testOptions())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if c.DefaultTarget() != "" || c.MaxConnections() != 2 || !c.Discover() || c.StateDir() != "/var/lib/dbsync" {
			t.Errorf("%q: %+v", text, c)
		}
	}
}

func TestCopiesDoNotReachTheConfig(t *testing.T) {
	c := load(t, "testdata/valid-full.yml")
	c.Targets()[0].Name = "changed"
	c.Collectors()["mysql"] = false
	c.Processes()[0] = "changed"
	if again := load(t, "testdata/valid-full.yml"); !reflect.DeepEqual(c, again) {
		t.Error("a caller changed the configuration")
	}
}

func TestTheTextInForceParsesAgainAndMasksSecrets(t *testing.T) {
	text := load(t, "testdata/valid-full.yml").YAML()
	if strings.Contains(text, "hunter2") || !strings.Contains(text, "password: "+masked) {
		t.Errorf("the password is not masked:\n%s", text)
	}
	again, err := Parse("again.yml", []byte(text), testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if again.YAML() != text {
		t.Errorf("got\n%s\nwant\n%s", again.YAML(), text)
	}
}

func TestOneServerByFlags(t *testing.T) {
	o := testOptions()
	o.Server = Server{Address: "127.0.0.1:3307", User: "dbsync", Password: NewSecret(testPassword)}
	c, err := Load("", o)
	if err != nil {
		t.Fatal(err)
	}
	target, _ := c.Target(c.DefaultTarget())
	password, _ := target.Module.Password()
	if target.Address != "127.0.0.1:3307" || target.Module.User != "dbsync" || password != testPassword {
		t.Errorf("%+v", target)
	}
}

func TestNothingAtAllIsTheHostAlone(t *testing.T) {
	c, err := Load("", testOptions())
	if err != nil || c.DefaultTarget() != "" || len(c.Targets()) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestTheShippedExampleLoads(t *testing.T) {
	if _, err := Load("../../deploy/config/dbsync.yml", testOptions()); err != nil {
		t.Error(err)
	}
}

func TestOneServerByMyCnf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "my.cnf")
	write(t, path, "[client]\nuser=erp\npassword='a#b'\nhost=db.example.com\nssl-ca=/ca.pem\n")
	o := testOptions()
	o.Server = Server{MyCnf: path}
	c, err := Load("", o)
	if err != nil {
		t.Fatal(err)
	}
	target := c.Targets()[0]
	password, _ := target.Module.Password()
	if target.Address != "db.example.com:3306" || target.Module.User != "erp" || password != "a#b" || target.Module.TLS.CAFile != "/ca.pem" {
		t.Errorf("%+v, password %q", target, password)
	}
	write(t, path, "[client]\nuser=erp\npassword=rotated\n")
	if password, _ = target.Module.Password(); password != "rotated" {
		t.Errorf("password %q after its rotation", password)
	}
}

func TestMistakesOnTheCommandLineNameTheFlag(t *testing.T) {
	for name, c := range map[string]struct {
		server Server
		want   string
	}{
		"address": {Server{Address: "localhost", User: "a"}, "--mysql.address: want host:port or unix:///path, such as 127.0.0.1:3306"},
		"user":    {Server{Address: "localhost:3306"}, "--mysql.user: missing: name the account that the exporter logs in as"},
		"my.cnf":  {Server{MyCnf: "/absent.cnf", User: "a"}, "--config.my-cnf: open /absent.cnf: no such file or directory"},
	} {
		o := testOptions()
		o.Server = c.server
		if _, err := Load("", o); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestSwitchesOfTheCommandLineWin(t *testing.T) {
	o := testOptions()
	o.Collectors = map[string]bool{"host": true}
	c, err := Load("testdata/valid-full.yml", o)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Collectors()["host"] || !c.Collectors()["mysql.processlist"] {
		t.Error(c.Collectors())
	}
}

func TestFlagsThatContradictTheFile(t *testing.T) {
	o := testOptions()
	o.Server.Address = "127.0.0.1:3306"
	_, err := Load("testdata/valid-full.yml", o)
	var problem *Problem
	if !errors.As(err, &problem) || problem.Key != "mysql.targets" {
		t.Errorf("got %v", err)
	}
	o.Server = Server{Password: NewSecret("in the environment for ${DBSYNC_MYSQL_PASSWORD}")}
	if _, err := Load("testdata/valid-full.yml", o); err != nil {
		t.Errorf("the variable alone is no contradiction: %v", err)
	}
}

func TestSecretNeverPrints(t *testing.T) {
	s := struct{ S Secret }{NewSecret("hunter2")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		if got := fmt.Sprintf(verb, s) + fmt.Sprintf(verb, s.S) + fmt.Sprintf(verb, &s.S); strings.Contains(got, "hunter2") || strings.Contains(got, "68756e") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestExpand(t *testing.T) {
	getenv := func(name string) (string, bool) { return "<" + name + ">", name != "ABSENT" }
	for in, want := range map[string]string{
		"": "", "plain": "plain", "${A}": "<A>", "x${A}y${B}z": "x<A>y<B>z", "$$": "$", "$${A}": "${A}", "pa$word": "pa$word",
		"$": "$", "a$": "a$", "$$$$": "$$", "$${A}${A}": "${A}<A>",
	} {
		if got, err := expand(in, getenv); got != want || err != nil {
			t.Errorf("%q: got %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestSize(t *testing.T) {
	for in, want := range map[string]size{
		"0": 0, "17": 17, "1GiB": 1 << 30, "1.5 KiB": 1536, "500MB": 5e8, "10B": 10, "2kB": 2000,
	} {
		var got size
		if err := got.UnmarshalText([]byte(in)); got != want || err != nil {
			t.Errorf("%q: got %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "-1", "1G iB", "GiB", "1e40", "NaN", "99999999PiB"} {
		var got size
		if err := got.UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q: got %d, want an error", in, got)
		}
	}
}

func TestNetworksJudgeTheDialledAddress(t *testing.T) {
	allowed := load(t, "testdata/valid-full.yml").ProbeAllow()
	for address, want := range map[string]bool{
		"10.20.3.4:3306": true, "[::ffff:10.20.3.4]:3306": true, "192.0.2.7:3306": true, "[2001:db8:1::2]:3307": true,
		"10.20.3.4:3307": false, "10.21.0.1:3306": false, "192.0.2.8:3306": false, "[2001:db8::1]:3306": false,
		"[fe80::1%eth0]:3306": false, "127.0.0.1:3306": false, "[::1]:3306": false, "[::10.20.3.4]:3306": false,
	} {
		addr, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if err := allowed.Check(addr); (err == nil) != want {
			t.Errorf("%s: allowed %v, want %v (%v)", address, err == nil, want, err)
		}
	}
	if err := allowed.Check(&net.UnixAddr{Name: "/run/mysqld.sock", Net: "unix"}); err == nil {
		t.Error("a unix socket was allowed")
	}
	if !(Networks{}).Empty() || allowed.Empty() {
		t.Error("Empty is wrong")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzParse looks for files that crash the parser.
func FuzzParse(f *testing.F) {
	fixtures, err := filepath.Glob("testdata/*.yml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range fixtures {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("a: &a [*a]\n")
	f.Add("mysql: &m {targets: [*m]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := Parse("fuzz.yml", []byte(text), testOptions()); err == nil && strings.Contains(c.YAML(), testPassword) {
			t.Error("the text in force holds a secret")
		}
	})
}
