// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/backup"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/config"
)

// watched turns the plan into the backups of the collector.
func (p plan) watched() []backup.Backup {
	var all []backup.Backup
	for _, b := range p.backups {
		all = append(all, watched(b))
	}
	return all
}

func watched(b config.Backup) backup.Backup {
	level, _ := backup.ParseLevel(b.VerifyLevel) // none: nothing is verified
	return backup.Backup{
		Name: b.Name, Method: b.Method, Path: b.Path, History: b.HistoryTable, RunType: b.RunType, Task: b.Task,
		ExpectedInterval: b.ExpectedInterval, MaxDuration: b.MaxDuration, MinSize: b.MinSize, Trailer: b.Trailer,
		VerifyLevel: level, VerifyInterval: b.VerifyInterval, ReadRate: b.ReadRate, RestoreTestInterval: b.RestoreTestInterval,
		S3: bucket(b.S3), MaxDataLoss: b.MaxDataLoss,
	}
}

// archived turns the plan into the archives of binary logs.
func (p plan) archived() []backup.Archive {
	var all []backup.Archive
	for _, a := range p.archives {
		all = append(all, backup.Archive{Path: a.Path, S3: bucket(a.S3)})
	}
	return all
}

// bucket returns how a bucket is reached; nil: there is none.
func bucket(s *config.S3) *backup.S3 {
	if s == nil {
		return nil
	}
	return &backup.S3{
		Endpoint: s.Endpoint, Region: s.Region, Plain: s.Plain, AccessKey: s.AccessKey, SecretKey: s.SecretKey,
	}
}

// feeds are the tasks whose runs make or test the backups of a configuration.
func feeds(c *config.Config) []job.Feed {
	var all []job.Feed
	for _, target := range c.TargetNames() {
		for _, b := range c.Backups(target) {
			if b.Task != "" {
				all = append(all, job.Feed{RunType: b.RunType, Task: b.Task, Backup: b.Name})
			}
			all = append(all, job.Feed{RunType: backup.RestoreTest, Task: b.Name, Backup: b.Name})
		}
	}
	return all
}

// Backups returns the names of all backups of a configuration, target by target.
func Backups(c *config.Config) []string {
	var names []string
	for _, target := range c.TargetNames() {
		for _, b := range c.Backups(target) {
			names = append(names, b.Name)
		}
	}
	return names
}

// InspectBackup gives a program other than the daemon a look at one backup of the
// configuration. The caller closes what comes with it. rate bounds the reading, in
// bytes per second; 0: nothing does.
func InspectBackup(c *config.Config, name string, rate int64) (_ *backup.Inspector, closeServer func() error, err error) {
	e := &Exporter{options: Options{Logger: slog.New(slog.DiscardHandler)}}
	for _, p := range e.plans(c) {
		i := slices.IndexFunc(p.backups, func(b config.Backup) bool { return b.Name == name })
		if i < 0 {
			continue
		}
		server, err := connect(e.serverOptions(p)) // dials when it is asked something
		if err != nil {
			return nil, nil, fmt.Errorf("target %s: %w", p.target.Name, err)
		}
		b := watched(p.backups[i])
		b.ReadRate = rate
		inspector, err := backup.NewInspector(b, backup.Options{Runs: job.New(job.Options{Dir: c.StateDir()})}, &collector.Target{
			Name: p.target.Name, Server: server, Now: time.Now, Logger: e.options.Logger,
		})
		return inspector, server.Close, err
	}
	return nil, nil, fmt.Errorf("no backup is called %q: there is %s", name, strings.Join(Backups(c), ", "))
}
