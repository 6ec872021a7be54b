// SPDX-License-Identifier: Apache-2.0

package collector

import (
	"fmt"
	"regexp"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// Type is a metric family's type in the exposition format.
type Type int

// The types that collectors emit. Untyped is for values whose meaning the
// server does not state, such as a status variable nobody has classified.
const (
	Gauge Type = iota
	Counter
	Untyped
	HistogramType
)

// String returns the type's name as promtool and the documentation write it.
func (t Type) String() string {
	return [...]string{"gauge", "counter", "untyped", "histogram"}[t]
}

func (t Type) dto() dto.MetricType {
	return [...]dto.MetricType{
		dto.MetricType_GAUGE, dto.MetricType_COUNTER, dto.MetricType_UNTYPED, dto.MetricType_HISTOGRAM,
	}[t]
}

// DefaultMaxSeries caps a labelled family that states no cap of its own.
const DefaultMaxSeries = 1000

// Family declares a metric family: everything about it but the values.
type Family struct {
	Name   string
	Help   string
	Type   Type
	Labels []string
	// Source is where the value comes from: a statement, a file or a system
	// call. It is for the reference documentation.
	Source string
	// On restricts the servers that have it, for the documentation ("MySQL
	// 8.0.22+"). Empty means all that the collector supports.
	On string
	// MaxSeries caps the number of series of one collection; what falls over it
	// is dropped and counted. 0 means [DefaultMaxSeries].
	MaxSeries int
	// Open says that Name is the beginning of the names of several families, of
	// which each series gives the rest (see [Sink.EmitNamed]).
	Open bool
}

var (
	metricName = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)
	labelName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	// Labels that Prometheus and its users attach to the target.
	targetLabels = []string{"job", "instance", "env", "cluster"}
)

func (f *Family) validate() error {
	switch {
	case !metricName.MatchString(f.Name):
		return fmt.Errorf("family %q: not a metric name", f.Name)
	case f.Help == "":
		return fmt.Errorf("family %s: no help", f.Name)
	case f.Open && f.Type == HistogramType:
		return fmt.Errorf("family %s: a histogram cannot be open", f.Name)
	}
	for i, l := range f.Labels {
		if !labelName.MatchString(l) || slices.Contains(targetLabels, l) || slices.Contains(f.Labels[:i], l) {
			return fmt.Errorf("family %s: label %q is invalid, reserved for the target, or repeated", f.Name, l)
		}
	}
	return nil
}

func (f *Family) maxSeries() int {
	if f.MaxSeries > 0 {
		return f.MaxSeries
	}
	return DefaultMaxSeries
}

// Histogram is the state of a histogram at one moment.
type Histogram struct {
	Count   uint64
	Sum     float64
	Buckets []Bucket // ascending; without +Inf, which Count stands for
	// Native counts the same observations in buckets that grow by a constant
	// factor, for a scraper that asks for them; nil: there are none.
	Native *Native
}

// Native is the sparse part of a native histogram, for positive observations
// (prometheus.io/docs/specs/native_histograms/).
type Native struct {
	// Schema gives the factor, 2^(2^-Schema): 3 is 1.09.
	Schema int32
	Zero   uint64 // observations of at most ZeroThreshold
	// Buckets counts the observations in (factor^(i-1), factor^i] by i.
	Buckets map[int]uint64
}

// ZeroThreshold is below what any clock measures, in whatever unit.
const ZeroThreshold = 0x1p-128

// Bucket counts the observations of at most Le.
type Bucket struct {
	Le         float64
	Cumulative uint64
}
