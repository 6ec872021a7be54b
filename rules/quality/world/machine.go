// SPDX-License-Identifier: Apache-2.0

package world

import (
	"math"
	"math/rand/v2"
	"time"
)

// The faults of the host.
var (
	diskFull = Fault{RuleID: "disk_space_low", Lasting: 75 * time.Second, Within: 2 * time.Minute, Page: true,
		Also: []string{"host_filesystem_full"}}
	rootFull   = Fault{RuleID: "host_filesystem_full", Lasting: 5*time.Minute + 15*time.Second, Within: 6 * time.Minute}
	noInodes   = Fault{RuleID: "host_inodes_low", Lasting: 5*time.Minute + 15*time.Second, Within: 6 * time.Minute}
	noMemory   = Fault{RuleID: "host_memory_low", Lasting: 5*time.Minute + 15*time.Second, Within: 6 * time.Minute}
	noHandles  = Fault{RuleID: "process_file_descriptors_high", Lasting: 5*time.Minute + 15*time.Second, Within: 6 * time.Minute}
	hostFaults = []Fault{diskFull, rootFull, noInodes, noMemory, noHandles}
)

// host is the machine of a server.
type host struct {
	random             *rand.Rand
	life               []effect[hostState]
	state              hostState
	disk, root, memory float64
	wave               float64
}

// hostState holds parts that are used, 0 to 1.
type hostState struct{ disk, root, inodes, memory, handles float64 }

func newHost(random *rand.Rand) *host {
	return &host{random: random, disk: .3 + .4*random.Float64(), root: .3 + .5*random.Float64(), memory: .6 + .25*random.Float64()}
}

func (*host) job() string { return "dbsync" }

func (h *host) step(now time.Time, holds func(Fault)) {
	h.wave = .95*h.wave + .05*h.random.NormFloat64()
	st := hostState{disk: h.disk + .002*h.wave, root: h.root, inodes: .2, memory: h.memory + .05*day(now) + .02*h.wave, handles: .3}
	if hour := now.Hour(); hour >= 2 && hour < 4 { // the nightly backup is written, then the oldest is deleted
		st.disk += .12 * (1 - math.Abs(float64(now.Hour()*60+now.Minute()-180))/60)
	}
	for _, e := range h.life {
		if e.Has(now) {
			e.do(&st, now)
		}
	}
	h.state = st
	for _, f := range []struct {
		Fault
		holds bool
	}{
		{diskFull, st.disk > .85}, {rootFull, st.root > .95}, {noInodes, st.inodes > .95}, {noMemory, st.memory > .95}, {noHandles, st.handles > .85},
	} {
		if f.holds {
			holds(f.Fault)
		}
	}
}

func (h *host) sample(_ time.Time, set setter) {
	st := &h.state
	path := []string{"role", "datadir", "path", "/var/lib/mysql"}
	set("dbsync_path_filesystem_size_bytes", 1e12, path...)
	set("dbsync_path_filesystem_avail_bytes", 1e12*(1-st.disk), path...)
	data := []string{"mountpoint", "/var/lib/mysql", "device", "/dev/sdb1", "fstype", "xfs"}
	set("node_filesystem_size_bytes", 1e12, data...)
	set("node_filesystem_avail_bytes", 1e12*(1-st.disk), data...)
	set("node_filesystem_readonly", 0, data...)
	mount := []string{"mountpoint", "/", "device", "/dev/sda1", "fstype", "ext4"}
	set("node_filesystem_size_bytes", 1e11, mount...)
	set("node_filesystem_avail_bytes", 1e11*(1-st.root), mount...)
	set("node_filesystem_files", 1e6, mount...)
	set("node_filesystem_files_free", 1e6*(1-st.inodes), mount...)
	set("node_filesystem_readonly", 0, mount...)
	set("node_memory_MemTotal_bytes", 64e9)
	set("node_memory_MemAvailable_bytes", 64e9*(1-st.memory))
	set("dbsync_process_open_fds", math.Round(10000*st.handles), "process", "mysqld")
	set("dbsync_process_max_fds", 10000, "process", "mysqld")
}

// ordinary is what happens to a machine that is well.
func (h *host) ordinary(span Span) {
	event := func(low, high float64, do func(*hostState, time.Time)) {
		from := span.From.Add(time.Duration(h.random.Int64N(int64(span.Length())))).Truncate(Tick)
		length := time.Duration((low + (high-low)*h.random.Float64()) * float64(time.Minute))
		h.life = append(h.life, effect[hostState]{Span{from, from.Add(length)}, do})
	}
	if h.random.IntN(3) == 0 { // a dump into the data's disk, close to the limit and deleted again
		event(5, 30, func(st *hostState, _ time.Time) { st.disk = math.Max(st.disk, .80+.045*h.random.Float64()) })
	}
	if h.random.IntN(3) == 0 { // a sort on disk fills it for a moment
		event(.2, .7, func(st *hostState, _ time.Time) { st.disk = math.Max(st.disk, .9) })
	}
	if h.random.IntN(3) == 0 { // a report takes memory, and gives it back
		event(1, 4, func(st *hostState, _ time.Time) { st.memory = math.Max(st.memory, .965) })
	}
	if h.random.IntN(3) == 0 { // a log is rotated late
		event(1, 4, func(st *hostState, _ time.Time) { st.root = math.Max(st.root, .97) })
	}
}

func (h *host) put(f Fault, sh shape) {
	fields := map[string]func(*hostState) (*float64, float64){
		diskFull.RuleID:  func(st *hostState) (*float64, float64) { return &st.disk, .85 },
		rootFull.RuleID:  func(st *hostState) (*float64, float64) { return &st.root, .95 },
		noInodes.RuleID:  func(st *hostState) (*float64, float64) { return &st.inodes, .95 },
		noMemory.RuleID:  func(st *hostState) (*float64, float64) { return &st.memory, .95 },
		noHandles.RuleID: func(st *hostState) (*float64, float64) { return &st.handles, .85 },
	}
	h.life = append(h.life, effect[hostState]{sh.Span, func(st *hostState, now time.Time) {
		if part := sh.at(now); part > 0 {
			value, limit := fields[f.RuleID](st)
			*value = math.Max(*value, limit-.01+part*(1-limit+.01)*.9)
		}
	}})
}
