// SPDX-License-Identifier: Apache-2.0

//go:build unix

package wrap

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const defaultGrace = 10 * time.Second

// catch begins to take the signals that a job may be sent. What was ignored before, as under nohup, stays ignored.
func catch() (signals <-chan os.Signal, restore func()) {
	taken := make(chan os.Signal, 16)
	for _, sig := range []os.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2,
	} {
		if !signal.Ignored(sig) {
			signal.Notify(taken, sig)
		}
	}
	return taken, func() { signal.Stop(taken) }
}

// inForeground tells whether a terminal sends its signals to our process group. Then the command has to be in it too,
// to read from that terminal, and hears of Ctrl-C without us.
func inForeground() bool {
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer terminal.Close()
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// child is a command that runs.
type child struct {
	process *os.Process
	shares  bool // our process group, the foreground one; else it leads a group of its own
	done    chan struct{}
}

// accompany passes signals on until the child has ended, and ends it when its time is over.
func (c *child) accompany(signals <-chan os.Signal, timeout, grace time.Duration) (interrupted, late bool) {
	if grace == 0 {
		grace = defaultGrace
	}
	var deadline, patience <-chan time.Time
	if timeout > 0 {
		deadline = time.After(timeout)
	}
	for {
		select {
		case <-c.done:
			if late { // what it started may not have listened
				c.signal(syscall.SIGKILL)
			}
			return interrupted, late
		case sig := <-signals:
			interrupted = interrupted || ends(sig)
			c.forward(sig)
		case <-deadline:
			late, patience = true, time.After(grace)
			c.signal(syscall.SIGTERM)
			c.signal(syscall.SIGCONT) // a stopped one does not see SIGTERM
		case <-patience:
			c.signal(syscall.SIGKILL)
		}
	}
}

// ends tells the signals that ask to end.
func ends(sig os.Signal) bool { return sig != syscall.SIGUSR1 && sig != syscall.SIGUSR2 }

// forward passes a signal on, unless the terminal has already sent it to the child as well.
func (c *child) forward(sig os.Signal) {
	number, ok := sig.(syscall.Signal)
	if !ok || c.shares && (number == syscall.SIGINT || number == syscall.SIGQUIT) {
		return
	}
	c.signal(number)
}

// signal reaches all of a pipeline, where the child leads a group. A child that is gone is what every caller wants.
func (c *child) signal(sig syscall.Signal) {
	if c.shares {
		_ = c.process.Signal(sig)
		return
	}
	_ = syscall.Kill(-c.process.Pid, sig)
}
