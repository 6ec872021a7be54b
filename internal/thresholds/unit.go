// SPDX-License-Identifier: Apache-2.0

package thresholds

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// unit is how people write a number, and how they read it.
type unit int

const (
	plain   unit = iota // 10
	percent             // 80%, in the expression 0.8
	seconds             // 5m, in the expression 300
)

// parse reads what stands in the values, as the expression has it.
func (u unit) parse(text string) (float64, error) {
	switch u {
	case percent:
		f, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "%")), 64)
		if err != nil || !(f > 0 && f <= 100) {
			return 0, fmt.Errorf("%q: want a percentage such as 80 or 80%%", text)
		}
		const digits = 1e12 // dividing leaves no tail of nines
		return math.Round(f/100*digits) / digits, nil
	case seconds:
		d, err := model.ParseDuration(text)
		if err != nil || d == 0 {
			return 0, fmt.Errorf("%q: want a duration such as 30s, 5m or 7d", text)
		}
		return time.Duration(d).Seconds(), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f > 0) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%q: want a number above 0", text)
	}
	return f, nil
}

// write is the number as the values have it.
func (u unit) write(f float64) string {
	switch u {
	case percent:
		return number2text(f*100) + "%"
	case seconds:
		return duration(f).String()
	}
	return number2text(f)
}

// english and chinese are the number as a sentence has it.
func (u unit) english(f float64) string {
	switch u {
	case percent:
		return number2text(f*100) + " %"
	case seconds:
		n, i := largest(f)
		name := []string{"second", "minute", "hour", "day"}[i]
		if n != "1" {
			name += "s"
		}
		return n + " " + name
	}
	return number2text(f)
}

func (u unit) chinese(f float64) string {
	switch u {
	case percent:
		return number2text(f*100) + "%"
	case seconds:
		n, i := largest(f)
		return n + " " + []string{"秒", "分钟", "小时", "天"}[i]
	}
	return number2text(f)
}

// largest expresses seconds in the largest unit that gives a whole number.
func largest(f float64) (n string, i int) {
	sizes := []float64{1, 60, 3600, 86400}
	for i = len(sizes) - 1; i > 0; i-- {
		if math.Mod(f, sizes[i]) == 0 {
			break
		}
	}
	return number2text(f / sizes[i]), i
}

// number2text has no exponent, and no tail that binary fractions leave.
func number2text(f float64) string {
	const significant = 12
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', significant, 64), 64)
	if errors.Is(err, strconv.ErrRange) {
		rounded = f
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

func duration(f float64) model.Duration { return model.Duration(f * float64(time.Second)) }
