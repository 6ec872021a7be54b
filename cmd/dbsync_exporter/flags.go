// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	logflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/internal/exporter"
)

const (
	program       = "dbsync_exporter"
	listenAddress = ":19104"
)

const help = `Exports to Prometheus: the migrations and backups of MySQL and MariaDB servers, their health, and the host's.

It reads, never writes to a server it monitors, and takes at most two connections of each.

One server, by flags and environment:

    DBSYNC_MYSQL_PASSWORD=... dbsync_exporter --mysql.address=127.0.0.1:3306 --mysql.user=dbsync
    dbsync_exporter --config.my-cnf=/etc/dbsync/my.cnf

More than that, by a file, which is read again on SIGHUP:

    dbsync_exporter --config.file=/etc/dbsync/dbsync.yml --config.check
    dbsync_exporter --config.file=/etc/dbsync/dbsync.yml

Then look at http://localhost:19104/. docs/configuration.md explains the file, docs/metrics.md the metrics and the grants that the account needs.

Exit status: 0 done, 1 failed, 2 a flag is wrong.`

// flags is what the command line says.
type flags struct {
	configFile      string
	configCheck     bool
	healthcheck     bool
	server          config.Server
	disableDefaults bool
	switches        map[string]bool
	exporter        exporter.Options
	web             *web.FlagConfig
	log             promslog.Config
	maxProcs        int
}

// parse reads the command line. It returns no flags when there is nothing left to
// do, because --help or --version have been answered on stdout, and the exit code
// for that.
func parse(args []string, stdout io.Writer) (*flags, int, error) {
	app := kingpin.New(program, help).UsageWriter(stdout).ErrorWriter(stdout)
	ended, code := false, exitOK
	app.Terminate(func(c int) { ended, code = true, c })
	app.Version(version.Print(program))
	app.HelpFlag.Short('h')
	f := &flags{}
	f.addConfig(app)
	f.addWeb(app)
	given := addCollectors(app, exporter.Definitions())
	logflag.AddFlags(app, &f.log)
	if _, err := app.Parse(args); err != nil && !ended {
		return nil, exitUsage, err
	}
	if ended {
		return nil, code, nil
	}
	f.switches = given()
	f.server.Password = config.NewSecret(os.Getenv(config.EnvPassword))
	return f, exitOK, nil
}

func (f *flags) addConfig(app *kingpin.Application) {
	app.Flag("config.file", "The configuration file. Without one, the flags below describe one server.").
		PlaceHolder("FILE").StringVar(&f.configFile)
	app.Flag("config.check", "Check the configuration and exit.").BoolVar(&f.configCheck)
	app.Flag("healthcheck", "Ask the exporter that listens at --web.listen-address whether it is healthy, and exit.").
		BoolVar(&f.healthcheck)
	app.Flag(config.FlagAddress, "The server, as host:port or unix:///path (default: what --config.my-cnf names, else 127.0.0.1:3306).").
		PlaceHolder("ADDRESS").StringVar(&f.server.Address)
	app.Flag(config.FlagUser, "The account to log in with. Its password is taken from the environment variable "+config.EnvPassword+".").
		PlaceHolder("USER").StringVar(&f.server.User)
	app.Flag(config.FlagMyCnf, "A MySQL option file whose [client] section says where and how to log in.").
		PlaceHolder("FILE").StringVar(&f.server.MyCnf)
}

func (f *flags) addWeb(app *kingpin.Application) {
	o := &f.exporter
	f.web = kingpinflag.AddFlags(app, listenAddress)
	app.Flag("web.telemetry-path", "Path of the default target's metrics.").Default("/metrics").StringVar(&o.TelemetryPath)
	app.Flag("web.enable-lifecycle", "Allow POST /-/reload.").BoolVar(&o.EnableLifecycle)
	app.Flag("web.enable-run-api", "Allow jobs to report runs by POST /api/v1/runs, and DELETE, with the token of --web.run-token-file.").
		BoolVar(&o.EnableRunAPI)
	app.Flag("web.run-token-file", "A file with the token that a report of a run must carry. It is read at each request.").
		PlaceHolder("FILE").StringVar(&o.RunTokenFile)
	app.Flag("web.enable-pprof", "Serve profiles under /debug/pprof/. Listen on a loopback address only then.").BoolVar(&o.EnablePprof)
	app.Flag("web.max-requests", "Scrapes at one time; 0 is no limit.").Default("40").IntVar(&o.MaxRequests)
	app.Flag("scrape.timeout-offset", "How much earlier than Prometheus' timeout a scrape ends.").
		Default((500 * time.Millisecond).String()).DurationVar(&o.TimeoutOffset)
	app.Flag("collector.disable-defaults", "Switch off the collectors that are not switched on by name or group.").
		BoolVar(&f.disableDefaults)
	app.Flag("runtime.gomaxprocs", "Processors to use: a monitor leaves the others to what it monitors. More than one pays "+
		"where large compressed backups are verified or more than a thousand targets scraped.").
		Envar("GOMAXPROCS").Default("1").IntVar(&f.maxProcs)
}

// addCollectors adds a flag for each collector and group. The function that it
// returns tells which were given.
func addCollectors(app *kingpin.Application, defs []collector.Definition) func() map[string]bool {
	type flag struct{ value, given bool }
	all := map[string]*flag{}
	help := helpTexts(defs)
	for _, name := range exporter.Names(defs) {
		one := &flag{}
		all[name] = one
		app.Flag("collector."+name, help[name]).IsSetByUser(&one.given).BoolVar(&one.value)
	}
	return func() map[string]bool {
		switches := map[string]bool{}
		for name, one := range all {
			if one.given {
				switches[name] = one.value
			}
		}
		return switches
	}
}

// helpTexts returns what each collector and group tells, and whether it is on.
func helpTexts(defs []collector.Definition) map[string]string {
	texts := map[string]string{}
	for _, name := range exporter.Names(defs) {
		texts[name] = "All collectors of this group."
	}
	for _, d := range defs {
		state := "off"
		if d.Default {
			state = "on"
		}
		texts[d.Name] = d.Help + " (default: " + state + ")"
	}
	return texts
}

// options returns what the daemon is to do. The configuration is read anew at
// each reload.
func (f *flags) options() exporter.Options {
	o := f.exporter
	o.Web, o.DisableDefaults = f.web, f.disableDefaults
	o.Load = func() (*config.Config, error) {
		return config.Load(f.configFile, config.Options{
			Server: f.server, Collectors: f.switches,
			Known: exporter.Known(),
		})
	}
	return o
}
