// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	dto "github.com/prometheus/client_model/go"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/collector/job"
	"github.com/easy-erp/dbsync/internal/config"
	"github.com/easy-erp/dbsync/internal/mysqld"
)

// TestMain fails the package when a test leaves something running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// password is what must never be seen; it has all that has ever broken a DSN.
const password = `hunter2?&#;%@:/'"\`

const oneServer = `
mysql:
  modules: {default: {user: dbsync, password: "${PASSWORD}"}}
  targets: [{name: erp, address: "127.0.0.1:3306"}]
`

// fakeServer is a server that can be blocked, and that notices when it is used
// after it was closed.
type fakeServer struct {
	options mysqld.Options
	block   chan struct{} // when there is one: Query waits until it is closed

	mu     sync.Mutex
	closed bool
	late   int // uses after Close
}

func (s *fakeServer) Facts(context.Context) (collector.Facts, error) {
	s.used()
	return collector.Facts{Flavour: collector.MariaDB, Version: collector.Version{Major: 10, Minor: 11}}, nil
}

func (s *fakeServer) Query(ctx context.Context, _ func(collector.Row) error, _ string, _ ...any) error {
	s.used()
	if s.block == nil {
		return nil
	}
	select {
	case <-s.block:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *fakeServer) Ping(context.Context) error   { return nil }
func (s *fakeServer) Background() collector.Server { return s }

func (s *fakeServer) used() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.late++
	}
}

func (s *fakeServer) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("closed twice")
	}
	s.closed = true
	return nil
}

func (s *fakeServer) state() (closed bool, late int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed, s.late
}

// The collectors of the tests: one that asks the server, one in the background,
// one of the host.
var (
	fakeUp       = &collector.Family{Name: "mysql_up", Help: "Whether the fake answers.", Source: "test"}
	fakeSnapshot = &collector.Family{Name: "test_snapshot", Help: "One.", Source: "test"}
	fakeHost     = &collector.Family{Name: "node_load1", Help: "One.", Source: "test"}
)

func fakeDefinitions(p plan, server collector.Server, _ *job.Store) []collector.Definition {
	define := func(name string, needs bool, every time.Duration, f *collector.Family, collect collector.Func) collector.Definition {
		return collector.Definition{
			Name: name, Help: "Test.", Cost: "Nothing.", Default: true, Needs: collector.Needs{Server: needs}, Every: every,
			Families: []*collector.Family{f}, New: func(*collector.Target) collector.Collector { return collect },
		}
	}
	defs := []collector.Definition{maintenance(p.windows)}
	defs = append(defs, define("mysql.status", true, 0, fakeUp, func(ctx context.Context, out *collector.Sink) error {
		err := server.Query(ctx, nil, "SELECT 1")
		out.Emit(fakeUp, 1)
		return err
	}))
	defs = append(defs, define("mysql.sizes", true, time.Hour, fakeSnapshot, func(_ context.Context, out *collector.Sink) error {
		out.Emit(fakeSnapshot, 1)
		return nil
	}))
	if p.host != nil {
		defs = append(defs, define("host", false, 0, fakeHost, func(_ context.Context, out *collector.Sink) error {
			out.Emit(fakeHost, 1)
			return nil
		}))
	}
	return defs
}

// running is an exporter under test, served on a free port.
type running struct {
	*Exporter
	t       *testing.T
	url     string
	reloads chan struct{}
	log     *safeBuffer
	client  *http.Client
	stop    context.CancelFunc // begins the stop, which the end of the test waits for

	mu      sync.Mutex
	text    string // of the configuration
	servers []*fakeServer
	prepare func(*fakeServer)
}

// start runs an exporter until the test ends; change, when there is one, adjusts
// its options.
func start(t *testing.T, text string, change func(*Options, *running)) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &running{
		t: t, url: "http://" + listener.Addr().String(), reloads: make(chan struct{}), log: &safeBuffer{}, text: text,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}},
	}
	o := Options{
		Load: r.load, Listeners: []net.Listener{listener}, Reload: r.reloads, EnableLifecycle: true,
		TimeoutOffset: 500 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Connect: r.connect, definitions: fakeDefinitions,
	}
	if change != nil {
		change(&o, r)
	}
	if r.Exporter, err = New(o); err != nil {
		_ = listener.Close()
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		r.wantAllClosed()
	})
	r.eventually("ready", func() bool { return r.get("/-/ready").code == http.StatusOK })
	return r
}

func (r *running) load() (*config.Config, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return config.Parse("dbsync.yml", []byte(r.text), config.Options{
		Getenv: func(name string) (string, bool) { return password, name == "PASSWORD" },
	})
}

func (r *running) write(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = text
}

func (r *running) connect(o mysqld.Options) (Server, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &fakeServer{options: o}
	if r.prepare != nil {
		r.prepare(s)
	}
	r.servers = append(r.servers, s)
	return s, nil
}

// connected returns the servers that were ever made.
func (r *running) connected() []*fakeServer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*fakeServer(nil), r.servers...)
}

func (r *running) wantAllClosed() {
	r.t.Helper()
	for _, s := range r.connected() {
		if closed, late := s.state(); !closed || late > 0 {
			r.t.Errorf("server %s: closed %v, used %d times after that", s.options.Name, closed, late)
		}
	}
}

// answer is what an HTTP request brought.
type answer struct {
	code   int
	header http.Header
	body   string
}

func (r *running) get(path string) answer { return r.do(http.MethodGet, path, "", nil) }

func (r *running) do(method, path, body string, header map[string]string) answer {
	request, err := http.NewRequestWithContext(context.Background(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Error(err)
		return answer{}
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := r.client.Do(request)
	if err != nil {
		r.t.Error(err)
		return answer{}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Error(err)
	}
	return answer{response.StatusCode, response.Header, string(data)}
}

func (r *running) want(path string, code int, parts ...string) answer {
	r.t.Helper()
	a := r.get(path)
	if a.code != code {
		r.t.Errorf("GET %s: status %d, want %d:\n%s", path, a.code, code, a.body)
	}
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			r.t.Errorf("GET %s: no %q in:\n%s", path, part, a.body)
		}
	}
	return a
}

// families parses an answer in the text format.
func (a answer) families(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(a.body))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, a.body)
	}
	return families
}

// eventually waits for a condition.
func (r *running) eventually(what string, holds func() bool) {
	r.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			r.t.Fatalf("never happened: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// safeBuffer is a buffer for several writers.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
