// SPDX-License-Identifier: Apache-2.0

package binlog

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Name is the name of a binary log: "binlog.000012". Numbers have six digits, and more
// when they need them.
type Name struct {
	Base   string
	Number uint64
}

var numbered = regexp.MustCompile(`^(.+)\.([0-9]{6,19})$`)

// ParseName takes a name apart, and reports whether it is one of a binary log.
func ParseName(name string) (Name, bool) {
	m := numbered.FindStringSubmatch(name)
	if m == nil {
		return Name{}, false
	}
	n, err := strconv.ParseUint(m[2], 10, 64)
	return Name{m[1], n}, err == nil
}

// String returns the name as the server writes it.
func (n Name) String() string { return fmt.Sprintf("%s.%06d", n.Base, n.Number) }

// plus returns the name of the log that comes so many after it.
func (n Name) plus(more uint64) Name { return Name{n.Base, n.Number + more} }

// Log is one log of a chain.
type Log struct {
	Name Name
	File File
	// Known says that the end of File is: not of logs that are encrypted, or that were
	// not decompressed yet. They are taken for whole.
	Known bool
}

// Chain holds the logs of one base name, in the order of their numbers, each once.
type Chain []Log

// Chains sorts logs into chains, the one with the newest log first.
func Chains(logs []Log) []Chain {
	logs = slices.Clone(logs)
	slices.SortStableFunc(logs, func(a, b Log) int {
		return cmp.Or(strings.Compare(a.Name.Base, b.Name.Base), cmp.Compare(a.Name.Number, b.Name.Number))
	})
	var chains []Chain
	for i, l := range logs {
		switch {
		case i == 0 || logs[i-1].Name.Base != l.Name.Base:
			chains = append(chains, Chain{l})
		case logs[i-1].Name != l.Name:
			last := &chains[len(chains)-1]
			*last = append(*last, l)
		}
	}
	slices.SortStableFunc(chains, func(a, b Chain) int { return b.begun().Compare(a.begun()) })
	return chains
}

// begun returns when the newest log was begun.
func (c Chain) begun() time.Time {
	var newest time.Time
	for _, l := range c {
		if l.File.First.After(newest) {
			newest = l.File.First
		}
	}
	return newest
}

// Gap is a missing link: logs that are not there, or one that is not whole.
type Gap struct {
	First, Last Name
	// Since is the time of the last event before it, Until that of the first one behind
	// it; zero: not known.
	Since, Until time.Time
}

// Logs returns how many logs it touches.
func (g Gap) Logs() uint64 { return g.Last.Number - g.First.Number + 1 }

// behind is how far a server's clock may have been set back without that its logs are
// taken for those of another life of it.
const behind = 5 * time.Minute

// gap returns the missing link behind the log i, if there is one.
func (c Chain) gap(i int) (Gap, bool) {
	a, b := c[i], c[i+1]
	g := Gap{Since: a.File.Last, Until: b.File.First}
	switch {
	case b.Name.Number != a.Name.Number+1:
		g.First, g.Last = a.Name.plus(1), Name{b.Name.Base, b.Name.Number - 1}
	case a.Known && !a.File.Closed && !b.begunAtStart():
		g.First, g.Last = a.Name, a.Name
	case !b.File.First.IsZero() && b.File.First.Before(a.File.First.Add(-behind)):
		// The server's log was reset: this one is left over from before.
		g.First, g.Last = b.Name, b.Name
	default:
		return Gap{}, false
	}
	return g, true
}

// Cut reports whether the log i has lost its end: others follow, and it is not whole.
func (c Chain) Cut(i int) bool {
	if i == len(c)-1 {
		return false
	}
	g, missing := c.gap(i)
	return missing && g.First == c[i].Name
}

// begunAtStart reports whether the log before this one may be without an end: the
// server died then, and began this one when it was started again. What is encrypted
// says nothing.
func (l Log) begunAtStart() bool { return l.File.Started || l.File.First.IsZero() }

// Gaps returns the missing links, in their order.
func (c Chain) Gaps() []Gap {
	var gaps []Gap
	for i := range len(c) - 1 {
		if g, is := c.gap(i); is {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// Find returns the log of that number.
func (c Chain) Find(number uint64) (int, bool) {
	return slices.BinarySearchFunc(c, number, func(l Log, n uint64) int { return cmp.Compare(l.Name.Number, n) })
}

// From returns the log that holds a place, and whether it is there up to that place.
func (c Chain) From(n Name, place int64) (int, bool) {
	i, ok := c.Find(n.Number)
	return i, ok && c.Of(n.Base) && (!c[i].Known || c[i].File.End >= place)
}

// Of reports whether the chain is of the log with that base name. An archive may put
// something before it, as mysqlbinlog --result-file does.
func (c Chain) Of(base string) bool { return len(c) > 0 && strings.HasSuffix(c[0].Name.Base, base) }

// At returns the log in which a time lies, and whether there is one: the last one that
// was begun by then.
func (c Chain) At(t time.Time) (int, bool) {
	for i := len(c) - 1; i >= 0; i-- {
		if first := c[i].File.First; !first.IsZero() && !first.After(t) {
			return i, true
		}
	}
	return 0, false
}

// Ends returns of each log the last one that follows on it without a missing link.
func (c Chain) Ends() []int {
	ends := make([]int, len(c))
	for i := range slices.Backward(c) {
		ends[i] = i
		if i == len(c)-1 {
			continue
		}
		if _, missing := c.gap(i); !missing {
			ends[i] = ends[i+1]
		}
	}
	return ends
}

// Until returns the time of the last event of log i that is known.
func (c Chain) Until(i int) time.Time {
	for ; i >= 0; i-- {
		if t := c[i].File.Last; !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
