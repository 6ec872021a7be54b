// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/easy-erp/dbsync/internal/proc"
)

// ServiceOptions say which program to run as an HTTP service.
type ServiceOptions struct {
	Program Program
	Dir     string    // its folder is made below this one; empty: the system's temporary folder
	Port    int       // 0: any free one
	Flags   []string  // further arguments
	Log     io.Writer // receives its output, may be nil

	// Arguments builds what is needed to serve on the address and to keep all files below the folder.
	Arguments func(address, dir string) []string
	Ready     string // path that answers 200 when it is ready
}

// Service is a running program that answers HTTP on the loopback interface.
//
// Methods that change its state (Stop, Restart) are for one goroutine at a time.
type Service struct {
	options ServiceOptions
	dir     string
	port    int
	child   *proc.Process
}

// StartService starts the program and waits until it is ready. The context bounds the start, not the program's life:
// whoever starts it stops it.
func StartService(ctx context.Context, options ServiceOptions) (*Service, error) {
	port := options.Port
	if port == 0 {
		var err error
		if port, err = proc.FreePort(); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp(options.Dir, "dbsync-")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	service := &Service{options: options, dir: dir, port: port}
	if err := service.run(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", options.Program.Path, err), service.Stop())
	}
	return service, nil
}

func (s *Service) run(ctx context.Context) error {
	path, args := s.options.Program.Command(append(s.options.Arguments(s.Addr(), s.dir), s.options.Flags...)...)
	child, err := proc.Start(proc.Spec{Path: path, Args: args, Dir: s.options.Program.home(), Log: s.options.Log})
	if err != nil {
		return err
	}
	s.child = child
	return child.Ready(ctx, func(ctx context.Context) error {
		return s.request(ctx, http.MethodGet, s.options.Ready)
	})
}

// request fails unless the answer is 200, and then carries what the service said.
func (s *Service) request(ctx context.Context, method, path string) error {
	request, err := http.NewRequestWithContext(ctx, method, s.URL()+path, nil)
	if err != nil {
		return err
	}
	// No kept connections: the service may be another process by the next request.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, path, response.Status, strings.TrimSpace(string(body)))
	}
	return err
}

// URL is the address that it serves, as http://host:port.
func (s *Service) URL() string { return "http://" + s.Addr() }

// Addr is the host and port that it serves.
func (s *Service) Addr() string { return proc.Loopback(s.port) }

// Dir is its folder, which Stop removes.
func (s *Service) Dir() string { return s.dir }

// PID is the id of its process.
func (s *Service) PID() int { return s.child.PID() }

// Output is the end of what it logged.
func (s *Service) Output() string { return s.child.Output() }

// Done is closed when it has ended, by Stop or by itself.
func (s *Service) Done() <-chan struct{} { return s.child.Done() }

// Reload asks it to read its configuration again, and fails with its own words when it refuses.
func (s *Service) Reload(ctx context.Context) error {
	return s.request(ctx, http.MethodPost, "/-/reload")
}

// Freeze stops it from running, without its noticing: clients wait and see no error.
func (s *Service) Freeze() error { return s.child.Freeze() }

// Thaw lets it run on when frozen.
func (s *Service) Thaw() error { return s.child.Thaw() }

// Restart ends it and starts it again: same folder, same port. Flags, when given, replace those of the options.
func (s *Service) Restart(ctx context.Context, flags ...string) error {
	if err := s.child.Stop(); err != nil {
		return err
	}
	if len(flags) > 0 {
		s.options.Flags = flags
	}
	return s.run(ctx)
}

// Stop ends it and removes its folder. It may be called again.
func (s *Service) Stop() error {
	var err error
	if s.child != nil {
		err = s.child.Stop()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// ServePrometheus completes the options for a Prometheus server with the given configuration file (absolute path).
func ServePrometheus(options ServiceOptions, configFile string) ServiceOptions {
	options.Ready = "/-/ready"
	options.Arguments = func(address, dir string) []string {
		return []string{
			"--config.file=" + configFile,
			"--storage.tsdb.path=" + filepath.Join(dir, "data"),
			"--web.listen-address=" + address,
			"--web.enable-lifecycle",
		}
	}
	return options
}

// ServeAlertmanager completes the options for a single Alertmanager with the given configuration file (absolute path).
func ServeAlertmanager(options ServiceOptions, configFile string) ServiceOptions {
	options.Ready = "/-/ready"
	options.Arguments = func(address, dir string) []string {
		return []string{
			"--config.file=" + configFile,
			"--storage.path=" + filepath.Join(dir, "data"),
			"--web.listen-address=" + address,
			"--cluster.listen-address=",
		}
	}
	return options
}
