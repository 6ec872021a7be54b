// SPDX-License-Identifier: Apache-2.0

package gtid

import (
	"fmt"
	"strconv"
	"strings"
)

// State is the last transaction of each server in each domain, as MariaDB's
// @@gtid_binlog_state and @@gtid_slave_pos tell it. Within a domain the servers count
// on from one another, so that a state tells the last transactions, and not how many
// there are.
type State map[Writer]uint64

// Writer is a server that writes into a domain.
type Writer struct{ Domain, Server uint32 }

// ParseState reads a list of domain-server-sequence as MariaDB writes it.
func ParseState(text string) (State, error) {
	s := State{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		fields := strings.Split(part, "-")
		if len(fields) != 3 {
			return nil, fmt.Errorf("GTID %.100q: want domain-server-sequence", part)
		}
		var n [3]uint64
		for i, bits := range []int{32, 32, 64} {
			var err error
			if n[i], err = strconv.ParseUint(fields[i], 10, bits); err != nil {
				return nil, fmt.Errorf("GTID %.100q: %.50q is no number of %d bits", part, fields[i], bits)
			}
		}
		w := Writer{uint32(n[0]), uint32(n[1])}
		s[w] = max(s[w], n[2])
	}
	return s, nil
}

// Join returns the later transaction of either state for each writer.
func (s State) Join(t State) State {
	all := State{}
	for _, one := range []State{s, t} {
		for w, n := range one {
			all[w] = max(all[w], n)
		}
	}
	return all
}

// Last returns the last transaction of each domain, whoever wrote it.
func (s State) Last() map[uint32]uint64 {
	last := map[uint32]uint64{}
	for w, n := range s {
		last[w.Domain] = max(last[w.Domain], n)
	}
	return last
}
