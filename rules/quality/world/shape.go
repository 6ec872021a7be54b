// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math/rand/v2"
	"time"
)

// Shapes are the ways in which a fault comes.
var Shapes = []string{"step", "ramp", "flap", "intermittent", "edge", "restart", "gap", "midnight", "month end", "clock change"}

// shape says how much of a fault is there at a time, 0 to 1.
type shape struct {
	name string
	Span
	ramp time.Duration
	// on and off are the halves of a flap.
	on, off time.Duration
	full    float64 // of the fault; at the edge it is just a fault
}

// newShape makes a shape that begins at a time. A fault of this kind needs
// lasting to be one; it then lasts for long enough to be told of.
func newShape(random *rand.Rand, name string, from time.Time, lasting, within time.Duration) shape {
	length := lasting + within + 4*time.Minute + time.Duration(random.Int64N(int64(6*time.Minute)))
	s := shape{name: name, Span: Span{from, from.Add(length)}, full: 1}
	switch name {
	case "ramp":
		s.ramp = 2*time.Minute + time.Duration(random.Int64N(int64(4*time.Minute)))
		s.To = s.To.Add(s.ramp)
	case "flap": // there for as long as it must last and is promised, then away for a while
		s.on, s.off = lasting+within+time.Minute, 2*time.Minute
		s.To = s.From.Add(2*s.on + s.off)
	case "intermittent": // away for a moment
		s.on, s.off = lasting+within+time.Minute, Tick
		s.To = s.From.Add(2*s.on + s.off)
	case "edge":
		s.full = .35
	}
	return s
}

// at returns how much of the fault is there.
func (s shape) at(now time.Time) float64 {
	if !s.Has(now) {
		return 0
	}
	since := now.Sub(s.From)
	if s.on > 0 && since%(s.on+s.off) >= s.on {
		return 0
	}
	if s.ramp > 0 && since < s.ramp {
		return s.full * since.Seconds() / s.ramp.Seconds()
	}
	return s.full
}
