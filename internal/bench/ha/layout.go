// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/pack"
	"github.com/easy-erp/dbsync/internal/proc"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// Sizes of the layout of deploy/ha.
const (
	prometheuses = 2
	members      = 3
)

// waits is how much shorter everything waits than in the shipped files.
type waits struct {
	routes float64 // the routes' waits
	// The rules' intervals and "for". Prometheus looks for its targets 5 s after a start at the earliest, whatever the scale:
	// "for" must outlast that as it does with the shipped 30 s, or an alert that ended while it was away fires again.
	rules float64
}

// groupInterval is that of deploy/ha: not a multiple of the rules' interval, which is what makes members see the end of an
// alert on different sides of their look at the group.
const groupInterval = 63 * time.Second

// shippedEvaluation is that of groups of rules that name none.
const shippedEvaluation = 15 * time.Second

// What belongs to no file waits a fifth as long.
const (
	scrape      = 2 * time.Second  // shipped: 10 s
	resend      = 12 * time.Second // Prometheus' own: 1 m
	peerTimeout = 3 * time.Second  // Alertmanager's own: 15 s
)

// layout is two Prometheus and three Alertmanagers, with a link between any two parts that talk.
type layout struct {
	dir           string
	prometheus    []*sandbox.Service
	alertmanagers []*sandbox.Service
	handing       [prometheuses][members]*link // from each Prometheus to each Alertmanager
	gossip        *gossip
	telling       map[string]*link // to each receiver
}

// start renders the shipped files and starts what reads them, changed as deploy/ha says. Whoever starts it stops it.
func start(ctx context.Context, edition sandbox.Edition, w waits, f *fleet, r *receiver) (_ *layout, err error) {
	l := &layout{telling: map[string]*link{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.stop())
		}
	}()
	if l.dir, err = os.MkdirTemp("", "dbsync-ha-"); err != nil {
		return nil, err
	}
	values := render.Values{
		Alertmanager: render.Alertmanager{
			Scale: w.routes, GroupInterval: model.Duration(groupInterval), Receivers: map[string]render.Receiver{},
		},
		Rules: render.Rules{Scale: w.rules},
	}
	for _, name := range append(render.Seed(), "watchdog") {
		if l.telling[name], err = newLink(r.address()); err != nil {
			return nil, err
		}
		url := "http://" + l.telling[name].address() + "/" + name
		values.Alertmanager.Receivers[name] = render.Receiver{Webhook: &render.Webhook{URL: url}}
	}
	if err := l.startCluster(ctx, edition, values); err != nil {
		return nil, err
	}
	values.Prometheus = render.Prometheus{
		Exporter: f.address(), Instance: "exporter", Targets: f.names,
		ScrapeInterval:     model.Duration(scrape),
		EvaluationInterval: model.Duration(w.rules * float64(shippedEvaluation)),
	}
	for i := range prometheuses {
		if err := l.startPrometheus(ctx, edition, values, i); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// startCluster starts the Alertmanagers, each with the door of the others as its peers.
func (l *layout) startCluster(ctx context.Context, edition sandbox.Edition, values render.Values) error {
	dir := filepath.Join(l.dir, "cluster")
	if _, err := render.Write(dir, pack.Source(), values); err != nil {
		return err
	}
	program, err := sandbox.FindAlertmanager(edition)
	if err != nil {
		return err
	}
	var listen []netip.AddrPort
	for range members {
		port, err := proc.FreePort()
		if err != nil {
			return err
		}
		listen = append(listen, netip.MustParseAddrPort(proc.Loopback(port)))
	}
	if l.gossip, err = newGossip(listen); err != nil { //nolint:contextcheck // connections last longer than the start
		return err
	}
	for i, own := range listen {
		options := sandbox.ServiceOptions{Program: program, Dir: l.dir, Ready: "/-/ready"}
		options.Arguments = func(address, folder string) []string {
			args := []string{
				"--config.file=" + filepath.Join(dir, "alertmanager", "alertmanager.yml"),
				"--storage.path=" + filepath.Join(folder, "data"), "--web.listen-address=" + address,
				"--cluster.listen-address=" + own.String(), "--cluster.advertise-address=" + l.gossip.address(i),
				"--cluster.peer-timeout=" + peerTimeout.String(),
			}
			for j := range members {
				if j != i {
					args = append(args, "--cluster.peer="+l.gossip.address(j))
				}
			}
			return args
		}
		service, err := sandbox.StartService(ctx, options)
		if err != nil {
			return err
		}
		l.alertmanagers = append(l.alertmanagers, service)
		l.gossip.runs(i, service.PID())
	}
	return nil
}

func (l *layout) startPrometheus(ctx context.Context, edition sandbox.Edition, values render.Values, i int) error {
	program, err := sandbox.FindPrometheus(edition)
	if err != nil {
		return err
	}
	port, err := proc.FreePort()
	if err != nil {
		return err
	}
	values.Prometheus.Address = proc.Loopback(port)
	for j, member := range l.alertmanagers {
		if l.handing[i][j], err = newLink(member.Addr()); err != nil {
			return err
		}
		values.Prometheus.Alertmanagers = append(values.Prometheus.Alertmanagers, l.handing[i][j].address())
	}
	name := string(rune('a' + i))
	dir := filepath.Join(l.dir, name)
	if _, err := render.Write(dir, pack.Source(), values); err != nil {
		return err
	}
	config := filepath.Join(dir, "prometheus", "prometheus.yml")
	if err := highlyAvailable(config, name); err != nil {
		return err
	}
	service, err := sandbox.StartService(ctx, sandbox.ServePrometheus(sandbox.ServiceOptions{
		Program: program, Dir: l.dir, Port: port, Flags: []string{"--rules.alert.resend-delay=" + resend.String()},
	}, config))
	if err == nil {
		l.prometheus = append(l.prometheus, service)
	}
	return err
}

// highlyAvailable makes the three further changes that deploy/ha has for prometheus.yml.
func highlyAvailable(path, replica string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, change := range [][2]string{
		{"\nglobal:\n", "\nglobal:\n  external_labels: {replica: " + replica + "}\n"},
		{"\nalerting:\n", "\nalerting:\n  alert_relabel_configs:\n    - {regex: replica, action: labeldrop}\n"},
		{"\n    - static_configs:\n", "\n    - timeout: 3s\n      static_configs:\n"},
	} {
		if bytes.Count(text, []byte(change[0])) != 1 {
			return fmt.Errorf("%s: no line %q, or several", path, change[0])
		}
		text = bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
	}
	return os.WriteFile(path, text, 0o600)
}

// kill ends a service as a crash would.
func kill(s *sandbox.Service) error {
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		return err
	}
	<-s.Done()
	return nil
}

// revive starts a member of the cluster again.
func (l *layout) revive(ctx context.Context, i int) error {
	if err := l.alertmanagers[i].Restart(ctx); err != nil {
		return err
	}
	l.gossip.runs(i, l.alertmanagers[i].PID())
	return nil
}

func (l *layout) stop() error {
	var errs []error
	for _, service := range append(l.prometheus, l.alertmanagers...) {
		errs = append(errs, service.Stop())
	}
	for _, row := range l.handing {
		for _, one := range row {
			if one != nil {
				errs = append(errs, one.close())
			}
		}
	}
	for _, one := range l.telling {
		if one != nil {
			errs = append(errs, one.close())
		}
	}
	if l.gossip != nil {
		errs = append(errs, l.gossip.close())
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}
