// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/internal/mysqld"
)

// Options says how the daemon runs. The configuration is not part of it: it is
// loaded at the start and at each reload.
type Options struct {
	// Load returns the configuration in force from now on.
	Load func() (*config.Config, error)
	// DisableDefaults switches off the collectors that nobody switched on.
	DisableDefaults bool

	// Web says where to listen, and with which TLS and accounts.
	Web *web.FlagConfig
	// Listeners, when there are any, are served in place of Web's addresses.
	Listeners []net.Listener
	// TelemetryPath is where the default target's metrics are. Empty: /metrics.
	TelemetryPath string
	// EnableLifecycle allows POST /-/reload.
	EnableLifecycle bool
	// EnablePprof serves /debug/pprof/.
	EnablePprof bool
	// EnableRunAPI allows POST and DELETE /api/v1/runs to whoever sends the token
	// that RunTokenFile holds. Neither goes without the other.
	EnableRunAPI bool
	RunTokenFile string
	// MaxRequests bounds the scrapes at one time. 0: no bound.
	MaxRequests int
	// TimeoutOffset is subtracted from Prometheus' own timeout, so that the answer
	// arrives before it.
	TimeoutOffset time.Duration

	// Reload asks for a reload, as SIGHUP does. nil: nobody does.
	Reload <-chan struct{}
	Logger *slog.Logger

	// Connect makes the connection to a server; nothing is dialled yet. nil:
	// mysqld.New.
	Connect func(mysqld.Options) (Server, error)
	// Now is the clock of the collectors. nil: time.Now.
	Now func() time.Time

	definitions func(plan, collector.Server, *job.Store) []collector.Definition // replaced by tests
}

// Server is the connection to a database server.
type Server interface {
	collector.Server
	// Close ends the connections.
	Close() error
}

// reservedPaths are those that TelemetryPath must not be or lie below.
var reservedPaths = []string{"/probe", "/config", "/-/", "/api/", "/debug/"}

func (o *Options) complete() error {
	if o.Load == nil {
		return errors.New("exporter: Options.Load is missing")
	}
	if o.TelemetryPath == "" {
		o.TelemetryPath = "/metrics"
	}
	if !strings.HasPrefix(o.TelemetryPath, "/") || strings.ContainsAny(o.TelemetryPath, "{} ") || o.TelemetryPath == "/" {
		return errors.New("web.telemetry-path: want a path such as /metrics")
	}
	for _, p := range reservedPaths {
		if strings.HasPrefix(o.TelemetryPath+"/", strings.TrimSuffix(p, "/")+"/") {
			return errors.New("web.telemetry-path: " + p + " is used for something else, want a path such as /metrics")
		}
	}
	if err := o.checkToken(); err != nil {
		return err
	}
	if o.Web == nil {
		o.Web = &web.FlagConfig{WebConfigFile: new(string)}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Connect == nil {
		o.Connect = connect
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.definitions == nil {
		o.definitions = definitions
	}
	return nil
}

func connect(options mysqld.Options) (Server, error) { return mysqld.New(options) }
