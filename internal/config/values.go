// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// duration is a length of time as Prometheus' own files write it: "90s", "30m",
// "24h", "7d", "1h30m".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	v, err := model.ParseDuration(string(text))
	if err != nil {
		return errors.New(`want a duration such as "90s", "30m", "24h" or "7d"`)
	}
	*d = duration(v)
	return nil
}

func (d duration) MarshalYAML() (any, error) { return model.Duration(d).String(), nil }

// size is a number of bytes: "500MB" counts in thousands, "1GiB" in 1024s.
type size int64

// units of a size, longest first, so that a suffix is not taken for its end.
var units = []struct {
	suffix string
	bytes  float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"PiB", 1 << 50},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"PB", 1e15}, {"B", 1}, {"", 1},
}

func (s *size) UnmarshalText(text []byte) error {
	const want = `want a size such as "1GiB", "500MB" or a number of bytes`
	for _, u := range units {
		digits, found := strings.CutSuffix(string(text), u.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || !(n >= 0 && n*u.bytes < math.MaxInt64) { // so that NaN is refused too
			return errors.New(want)
		}
		*s = size(n * u.bytes)
		return nil
	}
	return errors.New(want)
}

func (s size) MarshalYAML() (any, error) {
	for i := 4; i >= 0; i-- {
		if unit := size(units[i].bytes); s >= unit && s%unit == 0 {
			return fmt.Sprintf("%d%s", s/unit, units[i].suffix), nil
		}
	}
	return int64(s), nil
}

// instant is a moment with its time zone, because a maintenance window that
// moves with the server's zone helps nobody.
type instant struct{ time.Time }

func (t *instant) UnmarshalText(text []byte) error {
	v, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return errors.New(`want a time with its zone, such as "2026-12-01T22:00:00+08:00"`)
	}
	t.Time = v
	return nil
}

func (t instant) MarshalYAML() (any, error) { return t.Format(time.RFC3339), nil }

// share is a part of the whole, between nothing and all of it: "99.9%" or 0.999.
type share float64

func (s *share) UnmarshalText(text []byte) error {
	digits, percent := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if percent {
		n = math.Round(n*1e8) / 1e10 // 99.9% is 0.999, and not a bit more
	}
	if err != nil || !(n > 0 && n < 1) {
		return errors.New(`want a share such as "99.9%" or 0.999, less than all`)
	}
	*s = share(n)
	return nil
}

func (s share) MarshalYAML() (any, error) {
	return strconv.FormatFloat(float64(s)*100, 'g', 10, 64) + "%", nil
}
