// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/easy-erp/dbsync/collector"
)

func readUname() (uname, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return uname{}, err
	}
	text := unix.ByteSliceToString
	return uname{
		sysname: text(u.Sysname[:]), release: text(u.Release[:]), version: text(u.Version[:]),
		machine: text(u.Machine[:]), nodename: text(u.Nodename[:]), domainname: text(u.Domainname[:]),
	}, nil
}

func clockGauge(what, help string) *collector.Family {
	return gauge("node_timex_"+what, help, "adjtimex(2)")
}

var clockFields = []field[clock]{
	{clockGauge("sync_status", "Whether the clock is kept in time by a reliable server."),
		func(c clock) float64 { return collector.Bool(c.synced) }},
	{clockGauge("offset_seconds", "How far the clock is off, as it is being corrected."),
		func(c clock) float64 { return c.offset }},
	{clockGauge("maxerror_seconds", "How far the clock can be off at most."),
		func(c clock) float64 { return c.maxError }},
	{clockGauge("estimated_error_seconds", "How far the clock is off, as estimated."),
		func(c clock) float64 { return c.estimatedError }},
	{clockGauge("frequency_adjustment_ratio", "By what the clock's frequency is corrected; 1 is not at all."),
		func(c clock) float64 { return c.frequency }},
	{clockGauge("tai_offset_seconds", "Atomic time less UTC."),
		func(c clock) float64 { return c.tai }},
	{clockGauge("status", "The kernel's status bits of the clock."),
		func(c clock) float64 { return c.status }},
}

func (h *host) collectClock(_ context.Context, out *collector.Sink) error {
	c, err := h.sys.clock()
	if errors.Is(err, os.ErrPermission) {
		return collector.Skip(collector.Unprivileged, "allow the exporter the system call adjtimex (seccomp)")
	}
	if err != nil {
		return err
	}
	emit(out, clockFields, c)
	return nil
}

// readClock reads without setting anything. adjtimex(2) gives seconds as
// microseconds, the offset as nanoseconds under STA_NANO, and the frequency as
// parts per million with a 16 bit fraction.
func readClock() (clock, error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return clock{}, err
	}
	offsetUnit := 1e-6
	if t.Status&unix.STA_NANO != 0 {
		offsetUnit = 1e-9
	}
	return clock{
		synced: state != unix.TIME_ERROR, status: float64(t.Status), tai: float64(t.Tai),
		offset: float64(t.Offset) * offsetUnit, frequency: 1 + float64(t.Freq)/(1e6*65536),
		maxError: float64(t.Maxerror) * 1e-6, estimatedError: float64(t.Esterror) * 1e-6,
	}, nil
}
