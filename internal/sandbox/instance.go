// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sandbox

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/easy-erp/dbsync/internal/proc"
)

// maxSocketPath is what sockaddr_un holds on the platforms with the shortest one, less its final zero byte.
const maxSocketPath = 103

// Options say which database server to start, and how.
type Options struct {
	Program Program   // from FindMariaDB or FindMySQL
	Dir     string    // its folder is made below this one; empty: the system's temporary folder
	Port    int       // 0: any free one
	Flags   []string  // come last, so that they win over the sandbox's own
	Log     io.Writer // receives the server's output, may be nil
	Env     []string  // its environment; nil: this process's
	// Data is a data folder to serve in place of a fresh one. Its accounts are its own: without --skip-grant-tables
	// among the flags root cannot log in. It is given to the account that the server runs as.
	Data string
	// NoNetwork cuts the server off the network, where the system lets this account do that: see Instance.CutOff.
	NoNetwork bool
}

// Instance is a running database server. It serves TCP on the loopback interface and a unix socket; the only account
// that can log in is root@localhost, by a random password.
//
// Methods that change its state (Stop, Kill, Restart) are for one goroutine at a time.
type Instance struct {
	options  Options
	dialect  dialect
	account  *proc.User
	dir      string
	port     int
	password string

	child   *proc.Process
	cutOff  bool
	admin   *sql.DB
	version string
}

// Start initialises a data folder, starts the server and waits until root can log in. The context bounds the start, not
// the server's life: whoever starts it stops it.
func Start(ctx context.Context, options Options) (*Instance, error) {
	d, err := dialectOf(ctx, options.Program)
	if err != nil {
		return nil, err
	}
	dir, account, err := workFolder(options.Dir, options.Program)
	if err != nil {
		return nil, err
	}
	server := &Instance{options: options, dialect: d, account: account, dir: dir, port: options.Port, password: rand.Text()}
	if err := server.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", options.Program.Path, err), server.Stop())
	}
	return server, nil
}

func (s *Instance) start(ctx context.Context) error {
	if len(s.Socket()) > maxSocketPath {
		return fmt.Errorf("the path of the unix socket %s is too long, choose a shorter folder (TMPDIR)", s.Socket())
	}
	if s.port == 0 {
		port, err := proc.FreePort()
		if err != nil {
			return err
		}
		s.port = port
	}
	if err := s.makeFolders(); err != nil {
		return err
	}
	extra, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	connector, err := mysql.NewConnector(s.AdminConfig())
	if err != nil {
		return err
	}
	s.admin = sql.OpenDB(connector)
	return s.run(ctx, extra...)
}

// prepare makes the data folder ready, and returns the flags of the first start.
func (s *Instance) prepare(ctx context.Context) ([]string, error) {
	if s.options.Data != "" {
		return nil, give(s.options.Data, s.account)
	}
	return []string{"--init-file=" + s.initFile()}, prepareData(ctx, s.dialect, s.options.Program, s.DataDir(), s.account)
}

// makeFolders makes what the server finds below its folder: room for temporary files and for LOAD DATA, and the
// statements that it runs before it accepts the first connection.
func (s *Instance) makeFolders() error {
	for _, dir := range []string{s.tmpDir(), s.FilesDir()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	text := "SET SESSION sql_log_bin = 0;\nALTER USER 'root'@'localhost' IDENTIFIED BY '" + s.password + "';\n"
	if err := os.WriteFile(s.initFile(), []byte(text), 0o600); err != nil {
		return err
	}
	return give(s.dir, s.account)
}

func (s *Instance) run(ctx context.Context, extra ...string) error {
	path, args := s.options.Program.Command(append(s.flags(), extra...)...)
	spec := proc.Spec{
		Path: path, Args: args, Env: s.options.Env, Dir: s.dir, User: s.account, Log: s.options.Log, Grace: 30 * time.Second,
		NoNetwork: s.options.NoNetwork && runtime.GOOS == "linux",
	}
	child, err := proc.Start(spec)
	if err != nil && spec.NoNetwork {
		spec.NoNetwork = false
		child, err = proc.Start(spec)
	}
	s.cutOff = spec.NoNetwork
	if err != nil {
		return err
	}
	s.child = child
	return child.Ready(ctx, s.detect)
}

// detect asks the running server what it is.
func (s *Instance) detect(ctx context.Context) error {
	return s.admin.QueryRowContext(ctx, "SELECT VERSION()").Scan(&s.version)
}

func (s *Instance) flags() []string {
	flags := []string{
		"--no-defaults",
		"--datadir=" + s.DataDir(),
		"--tmpdir=" + s.tmpDir(),
		"--secure-file-priv=" + s.FilesDir(),
		"--pid-file=" + filepath.Join(s.dir, "server.pid"),
		"--socket=" + s.Socket(),
		"--skip-networking=0",
		"--bind-address=127.0.0.1",
		"--port=" + strconv.Itoa(s.port),
		"--innodb-buffer-pool-size=32M",
		"--innodb-flush-log-at-trx-commit=2", // a power failure may cost the last second: it is throw-away
	}
	flags = append(flags, asRoot(s.account)...)
	flags = append(flags, resources(s.options.Program)...)
	flags = append(flags, s.dialect.flags...)
	return append(flags, s.options.Flags...)
}

// Kind is the product that the running server says it is.
func (s *Instance) Kind() Kind {
	if isMariaDB(s.version) {
		return MariaDB
	}
	return MySQL
}

// Version is the server's own SELECT VERSION().
func (s *Instance) Version() string { return s.version }

// Addr is the host and port that it serves.
func (s *Instance) Addr() string { return proc.Loopback(s.port) }

// Port is the TCP port that it serves.
func (s *Instance) Port() int { return s.port }

// Socket is the path of its unix socket.
func (s *Instance) Socket() string { return filepath.Join(s.dir, "server.sock") }

// Dir is its folder, which Stop removes.
func (s *Instance) Dir() string { return s.dir }

// DataDir is its data folder.
func (s *Instance) DataDir() string {
	if s.options.Data != "" {
		return s.options.Data
	}
	return filepath.Join(s.dir, "data")
}

// FilesDir is the only folder that LOAD DATA and SELECT INTO OUTFILE may use.
func (s *Instance) FilesDir() string { return filepath.Join(s.dir, "files") }

func (s *Instance) tmpDir() string   { return filepath.Join(s.dir, "tmp") }
func (s *Instance) initFile() string { return filepath.Join(s.dir, "init.sql") }

// CutOff tells whether the running server has no network, as Options.NoNetwork wants it.
func (s *Instance) CutOff() bool { return s.cutOff }

// PID is the id of the server process.
func (s *Instance) PID() int { return s.child.PID() }

// Output is the end of what the server logged.
func (s *Instance) Output() string { return s.child.Output() }

// Done is closed when the server has ended, by Stop or by itself.
func (s *Instance) Done() <-chan struct{} { return s.child.Done() }

// AdminConfig logs root in over the unix socket. The caller may change the copy that it gets.
func (s *Instance) AdminConfig() *mysql.Config {
	config := mysql.NewConfig()
	config.User, config.Passwd = "root", s.password
	config.Net, config.Addr = "unix", s.Socket()
	config.Logger = &mysql.NopLogger{}
	return config
}

// AdminDSN is AdminConfig as a data source name.
func (s *Instance) AdminDSN() string { return s.AdminConfig().FormatDSN() }

// Open returns root's connections, which the instance keeps and closes.
func (s *Instance) Open() *sql.DB { return s.admin }

// Freeze stops the server from running, without its noticing: clients wait and see no error.
func (s *Instance) Freeze() error { return s.child.Freeze() }

// Thaw lets a frozen server run on.
func (s *Instance) Thaw() error { return s.child.Thaw() }

// Kill ends the server as a crash would. Its folder stays, so that Restart can recover it.
func (s *Instance) Kill() error { return s.child.Kill() }

// Restart shuts the server down and starts it again: same folder, port and accounts. Flags, when given, replace those
// of the Options.
func (s *Instance) Restart(ctx context.Context, flags ...string) error {
	if err := s.child.Stop(); err != nil {
		return err
	}
	if len(flags) > 0 {
		s.options.Flags = flags
	}
	return s.run(ctx)
}

// Stop shuts the server down and removes its folder. It may be called again.
func (s *Instance) Stop() error {
	var errs []error
	if s.admin != nil {
		_ = s.admin.Close() // fails for connections that a killed server has dropped, and that is fine
	}
	if s.child != nil {
		errs = append(errs, s.child.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
