// SPDX-License-Identifier: Apache-2.0

package gtid

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Set is a set of MySQL's transactions, such as @@gtid_executed, by their origin: the
// UUID of the server that committed them first, and behind a colon their tag when they
// have one. The ranges of an origin are in order, and do not touch.
type Set map[string][]Range

// Range is the transactions from First to Last, both included.
type Range struct{ First, Last uint64 }

var (
	uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	tag  = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,31}$`)
)

// ParseSet reads a set as MySQL writes it: uuid:1-5:7:tag:1-3,uuid:… The server breaks
// it into lines.
func ParseSet(text string) (Set, error) {
	s := Set{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.ToLower(strings.TrimSpace(part)); part == "" {
			continue
		}
		if err := s.parse(strings.Split(part, ":")); err != nil {
			return nil, fmt.Errorf("GTID set %.100q: %w", part, err)
		}
	}
	for origin := range s {
		s[origin] = merge(s[origin])
	}
	return s, nil
}

// parse adds what one UUID has: ranges without a tag, then those of each tag.
func (s Set) parse(fields []string) error {
	id := strings.TrimSpace(fields[0])
	if !uuid.MatchString(id) {
		return fmt.Errorf("%.50q is no UUID", id)
	}
	origin, ranges := id, 0
	for _, field := range fields[1:] {
		field = strings.TrimSpace(field)
		if tag.MatchString(field) {
			if origin != id && ranges == 0 {
				return fmt.Errorf("tag %q follows another one", field)
			}
			origin, ranges = id+":"+field, 0
			continue
		}
		r, err := parseRange(field)
		if err != nil {
			return err
		}
		s[origin] = append(s[origin], r)
		ranges++
	}
	if ranges == 0 {
		return fmt.Errorf("%s has no transactions", origin)
	}
	return nil
}

func parseRange(text string) (Range, error) {
	from, to, isRange := strings.Cut(text, "-")
	first, err := number(from)
	if err != nil || !isRange {
		return Range{first, first}, err
	}
	last, err := number(to)
	if err == nil && last < first {
		err = fmt.Errorf("%.50q ends before it begins", text)
	}
	return Range{first, last}, err
}

// number reads a transaction's, which begin with 1.
func number(text string) (uint64, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 63)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%.50q is no number of a transaction", text)
	}
	return n, nil
}

// merge puts ranges in order, and joins those that touch.
func merge(ranges []Range) []Range {
	slices.SortFunc(ranges, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	merged := ranges[:0]
	for _, r := range ranges {
		if n := len(merged); n > 0 && r.First <= merged[n-1].Last+1 {
			merged[n-1].Last = max(merged[n-1].Last, r.Last)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// Origins returns the origins in the order of their names.
func (s Set) Origins() []string { return slices.Sorted(maps.Keys(s)) }

// Count returns the number of transactions of one origin.
func (s Set) Count(origin string) uint64 {
	var n uint64
	for _, r := range s[origin] {
		n += r.Last - r.First + 1
	}
	return n
}

// Size returns the number of transactions; more than fit are the most that do.
func (s Set) Size() uint64 {
	var n uint64
	for origin := range s {
		count := s.Count(origin)
		if n > math.MaxUint64-count {
			return math.MaxUint64
		}
		n += count
	}
	return n
}

// Minus returns the transactions that s has and t has not.
func (s Set) Minus(t Set) Set {
	left := Set{}
	for origin, ranges := range s {
		if rest := minus(ranges, t[origin]); len(rest) > 0 {
			left[origin] = rest
		}
	}
	return left
}

func minus(a, b []Range) []Range {
	var rest []Range
	for _, r := range a {
		for len(b) > 0 && b[0].Last < r.First {
			b = b[1:]
		}
		gone := false
		for _, other := range b {
			if other.First > r.Last {
				break
			}
			if other.First > r.First {
				rest = append(rest, Range{r.First, other.First - 1})
			}
			if gone = other.Last >= r.Last; gone {
				break
			}
			r.First = other.Last + 1
		}
		if !gone {
			rest = append(rest, r)
		}
	}
	return rest
}

// String writes the set as MySQL reads it.
func (s Set) String() string {
	var parts []string
	for _, origin := range s.Origins() {
		text := origin
		for _, r := range s[origin] {
			text += ":" + strconv.FormatUint(r.First, 10)
			if r.Last > r.First {
				text += "-" + strconv.FormatUint(r.Last, 10)
			}
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ",")
}
