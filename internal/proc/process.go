// SPDX-License-Identifier: Apache-2.0

//go:build unix

package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Bounds that hold where a Spec names none.
const (
	DefaultOutput = 32 << 10         // bytes of output kept
	DefaultGrace  = 10 * time.Second // between SIGTERM and SIGKILL
)

// drain bounds how long a child's descendants may hold its output open after it has ended.
const drain = 2 * time.Second

// Spec says what to run and within which bounds.
type Spec struct {
	Path   string        // executable, or a name that PATH resolves
	Args   []string      // without the program's name
	Env    []string      // nil: the parent's
	Dir    string        // working directory, empty: the parent's
	Stdin  io.Reader     // nil: nothing to read
	User   *User         // account to run as, nil: the parent's; needs root
	Grace  time.Duration // DefaultGrace when 0
	Output int           // bytes of output kept, DefaultOutput when 0
	Log    io.Writer     // receives all output as well, may be nil
	// NoNetwork gives the child a network namespace of its own, with nothing in it, not even a loopback interface that
	// is up. Only Linux has them; there Start fails where the kernel does not let this account have one.
	NoNetwork bool
}

// User is the account that a child runs as.
type User struct {
	Name     string
	UID, GID int
}

// Process is a started child. Its methods may be called from any goroutine, in any state of the child.
type Process struct {
	cmd    *exec.Cmd
	output *tail
	grace  time.Duration
	done   chan struct{}
	err    error // why it ended; written before done is closed

	stopping sync.Mutex // one Stop at a time
}

// Start runs the program. The caller owns the child and has to Stop it, even when it ended by itself.
func Start(spec Spec) (*Process, error) {
	p := newProcess(spec)
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Path, err)
	}
	return p, nil
}

func newProcess(spec Spec) *Process {
	//nolint:noctx // the child outlives the call that starts it, whoever owns it calls Stop
	cmd := exec.Command(spec.Path, spec.Args...)
	p := &Process{
		cmd:    cmd,
		output: newTail(orDefault(spec.Output, DefaultOutput)),
		grace:  orDefault(spec.Grace, DefaultGrace),
		done:   make(chan struct{}),
	}
	var out io.Writer = p.output
	if spec.Log != nil {
		out = io.MultiWriter(p.output, spec.Log)
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = spec.Stdin, out, out
	p.cmd.Env, p.cmd.Dir = spec.Env, spec.Dir
	p.cmd.WaitDelay = drain
	p.cmd.SysProcAttr = attributes(&spec)
	return p
}

// run starts the child and waits for it on one locked thread: the kernel takes the end of the thread that started a
// child, not that of the process, for the death of the parent.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	p.err = p.cmd.Wait()
	p.signalGroup(syscall.SIGKILL) // what it left behind; later its id may belong to somebody else
	close(p.done)
}

// PID is the child's process id, which is also the id of its process group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended and its output is complete.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the child ended: nil while it runs and after exit status 0, else an *exec.ExitError.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Output returns the end of what the child wrote to standard output and standard error.
func (p *Process) Output() string { return p.output.String() }

// Signal sends a signal to the child alone. It is os.ErrProcessDone after its end.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// Stop ends the child and everything in its process group: SIGTERM, then SIGKILL when the grace has passed. It returns
// when the child is gone, nil however it ended. It may be called again.
func (p *Process) Stop() error {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	if p.ended(0) {
		return nil
	}
	p.signalGroup(syscall.SIGTERM)
	p.signalGroup(syscall.SIGCONT) // a frozen child does not see SIGTERM
	if p.ended(p.grace) {
		return nil
	}
	return p.kill()
}

// Kill ends the child's process group by SIGKILL, as a crash would, and waits for its end.
func (p *Process) Kill() error {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	return p.kill()
}

func (p *Process) kill() error {
	if p.ended(0) {
		return nil
	}
	p.signalGroup(syscall.SIGKILL)
	if !p.ended(p.grace) {
		return fmt.Errorf("process %d does not end, not even by SIGKILL (waiting for a device?)", p.PID())
	}
	return nil
}

func (p *Process) ended(within time.Duration) bool {
	select {
	case <-p.done:
		return true
	default:
	}
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// signalGroup ignores errors: a group that is gone is what every caller wants.
func (p *Process) signalGroup(sig syscall.Signal) { _ = syscall.Kill(-p.PID(), sig) }

// Ready polls the probe until it returns nil. It gives up when ctx ends or the child does, and then says what the
// probe and the child said last.
func (p *Process) Ready(ctx context.Context, probe func(context.Context) error) error {
	const interval = 50 * time.Millisecond
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.failure("ended before it was ready", p.err)
		case <-ctx.Done():
			return p.failure("is not ready", errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

func (p *Process) failure(what string, err error) error {
	if err == nil {
		err = errors.New("exit status 0")
	}
	return fmt.Errorf("%s %s: %w; its last output:\n%s", p.cmd.Path, what, err, p.Output())
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// Freeze stops the child from running, without its noticing, and returns when all its threads stand still.
func (p *Process) Freeze() error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return awaitStopped(p.PID())
}

// Thaw lets a frozen child run on.
func (p *Process) Thaw() error { return p.Signal(syscall.SIGCONT) }
