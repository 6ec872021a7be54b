// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"slices"
	"time"

	"github.com/easy-erp/dbsync/collector/backup/binlog"
)

// recovery is how far in time a backup's runs reach; zero: not known.
type recovery struct {
	backup  time.Time // by themselves
	archive time.Time // with the logs of an archive
	server  time.Time // with those that the server still has, too
	// placed says that the newest run knows its place in the binary log.
	placed bool
}

// candidates bounds the runs that are looked at. Older ones reach no further than the
// newest, unless those do not know their place.
const candidates = 50

// restorable returns the newest runs of which a restore can be made, the newest first,
// and the oldest moment that one holds.
func restorable(h history, kept bool) (good []Run, oldest time.Time) {
	for i := range h.runs {
		r := &h.runs[i]
		if r.Status == Success && (!kept || !r.Gone) && !r.moment().IsZero() && whole(h.runs, r) {
			good = append(good, *r)
			if m := r.moment(); oldest.IsZero() || m.Before(oldest) {
				oldest = m
			}
		}
	}
	slices.SortStableFunc(good, func(a, b Run) int { return b.last().Compare(a.last()) })
	return slices.Clone(good[:min(candidates, len(good))]), oldest
}

// moment is the time of which a run holds the data, or before: a backup without its
// place in the log may be as of its beginning.
func (r Run) moment() time.Time {
	if r.Start.IsZero() {
		return r.End
	}
	return r.Start
}

// recoverFrom returns how far the runs reach, the newest of which is the first.
func recoverFrom(runs []Run, archives []archiveState, s *serverLogs) recovery {
	var all recovery
	if len(runs) == 0 {
		return all
	}
	all.placed = runs[0].Position.File != ""
	for _, r := range runs {
		all.backup = latest(all.backup, r.moment())
		name, placed := binlog.ParseName(r.Position.File)
		if placed && s.of(name) && s.follows(name, int64(r.Position.Pos)) { // a place in a file
			all.server = latest(all.server, s.asked)
		}
		for _, a := range archives {
			archived, joined := a.reach(r, s)
			all.archive, all.server = latest(all.archive, archived), latest(all.server, joined)
		}
	}
	return all
}

// of reports whether the server's log has that base name.
func (s *serverLogs) of(name binlog.Name) bool {
	current, ok := s.current()
	return ok && current.name.Base == name.Base
}

// reach returns how far the archive takes a run, by itself and with what the server
// has behind it; zero: it does not hold the log that the run needs first. A run that
// does not know its place needs the one of its moment.
func (a *archiveState) reach(r Run, s *serverLogs) (archived, joined time.Time) {
	name, placed := binlog.ParseName(r.Position.File)
	for n, c := range a.chains {
		i, there := 0, false
		current, seen := s.current()
		ofServer := seen && c.Of(current.name.Base)
		switch {
		case placed:
			i, there = c.From(name, int64(r.Position.Pos)) // a place in a file
		case ofServer || !seen && n == 0:
			i, there = c.At(r.moment())
		}
		if !there {
			continue
		}
		end := a.ends[n][i]
		archived = latest(archived, latest(r.moment(), c.Until(end)))
		if !ofServer {
			continue
		}
		last := c[end]
		if caughtUp(last, current) {
			archived = latest(archived, s.asked)
		}
		// What the archive lacks of its last log, or the one behind it, the server has.
		next := binlog.Name{Base: current.name.Base, Number: last.Name.Number}
		if s.follows(next, 0) || s.follows(binlog.Name{Base: next.Base, Number: next.Number + 1}, 0) {
			joined = latest(joined, s.asked)
		}
	}
	return archived, joined
}

// caughtUp reports whether an archived log is the one that the server writes to, and
// holds all of it.
func caughtUp(l binlog.Log, current serverLog) bool {
	return l.Known && l.Name.Number == current.name.Number && l.File.End >= current.size
}

// lag is what a server has that its archive lacks.
type lag struct {
	bytes int64
	logs  int // that are finished
}

// behind compares the archive with the server's logs. Those from before the archive
// was begun do not count. Nothing is known without the server's logs.
func (a *archiveState) behind(s *serverLogs) (l lag, known bool) {
	current, seen := s.current()
	if !seen {
		return l, false
	}
	chain, _ := a.newest(s)
	for _, one := range s.logs {
		if len(chain) > 0 && one.name.Number < chain[0].Name.Number && current.name.Number >= chain[0].Name.Number {
			continue
		}
		missing := one.size
		if i, there := chain.Find(one.name.Number); there {
			missing = one.size - chain[i].File.End
			if !chain[i].Known {
				missing = 0
			}
		}
		if missing > 0 {
			l.bytes += missing
			if one.name != current.name {
				l.logs++
			}
		}
	}
	return l, true
}

// newest returns the chain of the server's log, or else the newest one.
func (a *archiveState) newest(s *serverLogs) (binlog.Chain, []int) {
	current, seen := s.current()
	for n, c := range a.chains {
		if !seen || c.Of(current.name.Base) {
			return c, a.ends[n]
		}
	}
	return nil, nil
}

// gaps returns the missing links, those that the server has purged before they were
// archived included, of the logs since a time: what is older is in every backup.
func (a *archiveState) gaps(s *serverLogs, since time.Time) []binlog.Gap {
	var all []binlog.Gap
	for _, c := range a.chains {
		all = append(all, c.Gaps()...)
	}
	if _, seen := s.current(); seen {
		c, _ := a.newest(s)
		oldest := s.logs[0].name.Number
		if len(c) > 0 && c[len(c)-1].Name.Number+1 < oldest {
			last := c[len(c)-1].Name
			all = append(all, binlog.Gap{
				First: binlog.Name{Base: last.Base, Number: last.Number + 1}, Last: binlog.Name{Base: last.Base, Number: oldest - 1},
				Since: c.Until(len(c) - 1),
			})
		}
	}
	return slices.DeleteFunc(all, func(g binlog.Gap) bool {
		return !since.IsZero() && !g.Until.IsZero() && !g.Until.After(since)
	})
}
