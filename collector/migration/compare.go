// SPDX-License-Identifier: Apache-2.0

package migration

// difference is how the files of a folder differ from what was applied.
type difference struct {
	pending []file
	// late are those of the pending that come before the highest applied version:
	// the tool refuses, skips or runs them out of order. -1: the tool cannot tell.
	late    int
	missing int // applied migrations that have no file
	changed int // files that are not what was applied; -1: the tool cannot tell
}

// compare tells how the files differ from the history.
func (t *tool) compare(f facts, all []file) difference {
	if t.files.compare != nil {
		return t.files.compare(t, f, all)
	}
	return compareSets(t, f, all)
}

// compareSets is what tools do that keep a row for each migration: those without
// one are pending, and so are scripts that are run again when they changed.
// Versions up to a baseline never ran; one that failed is failed, not pending.
func compareSets(t *tool, f facts, all []file) difference {
	d := difference{changed: -1}
	if t.rows.checksum != "" {
		d.changed = 0
	}
	top := ""
	for _, r := range f.newest {
		if r.stands() && t.order(r.version, top) > 0 {
			top = r.version
		}
	}
	have, oldest := map[string]bool{}, ""
	for _, one := range all {
		id := t.id(one.version, one.description)
		have[id] = true
		for _, replaced := range one.replaces {
			have[replaced] = true
		}
		if oldest == "" || t.order(one.version, oldest) < 0 {
			oldest = one.version
		}
		r, ran := f.newest[id]
		differs := ran && r.checksum != "" && one.checksum != "" && r.checksum != one.checksum
		switch {
		case ran && (r.state == failed || r.state == unfinished || r.state == running):
		case ran && r.stands() && (!one.repeatable || !differs):
			if differs {
				d.changed++
			}
		case !ran && !one.repeatable && f.baseline != "" && t.order(one.version, f.baseline) <= 0:
		case !ran && replacesApplied(f, one):
		default:
			d.pending = append(d.pending, one)
			if !one.repeatable && t.order(one.version, top) < 0 {
				d.late++
			}
		}
	}
	for id, r := range f.newest {
		pruned := t.files.prunable && t.order(r.version, oldest) < 0
		if r.state == applied && !have[id] && !pruned {
			d.missing++
		}
	}
	return d
}

// replacesApplied reports whether everything that the file stands for is applied,
// which makes the tool take it for applied.
func replacesApplied(f facts, one file) bool {
	for _, id := range one.replaces {
		if !f.newest[id].stands() {
			return false
		}
	}
	return len(one.replaces) > 0
}

// only returns the facts without the migrations that are not wanted.
func (f facts) only(wanted func(revision) bool) facts {
	kept := map[string]revision{}
	for id, r := range f.newest {
		if wanted(r) {
			kept[id] = r
		}
	}
	f.newest = kept
	return f
}
