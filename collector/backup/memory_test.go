// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"fmt"
	"os"
	"testing"
)

// restarted is a source as it is after a start of the exporter, and what it opens.
func restarted(t *testing.T, c *clock, state string, m method, b Backup) (*fileSource, *hooked) {
	t.Helper()
	e := testEnv(c)
	e.stateDir = state
	s := m.open(b, e, &m).(*fileSource)
	counted := &hooked{}
	s.store = counted
	return s, counted
}

func TestRestartReadsNothingAgain(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	gzip := compressors(t)[".sql.gz"]
	for i := range 5 {
		write(t, fmt.Sprintf("%s/%d.sql.gz", dir, i), gzip([]byte(plainDump)), hour)
	}
	b := Backup{Name: "nightly", Path: dir + "/*", Trailer: true, VerifyLevel: Stream}
	var now clock
	first, opened := restarted(t, &now, state, mysqldump(), b)
	want := judged(t, first)
	if opened.opened == 0 {
		t.Error("nothing was read")
	}
	second, opened := restarted(t, &now, state, mysqldump(), b)
	got := judged(t, second)
	if opened.opened != 0 {
		t.Errorf("%d files opened after a restart", opened.opened)
	}
	for name, run := range want {
		again := got[name]
		if again.Status != Success || again.Size != run.Size || again.Level != run.Level || !again.Verified.Equal(run.Verified) {
			t.Errorf("%s was %+v, is %+v", name, run, again)
		}
	}
	// What has changed meanwhile is read again.
	write(t, dir+"/3.sql.gz", gzip([]byte("half a dump")), hour)
	third, opened := restarted(t, &now, state, mysqldump(), b)
	wantStatus(t, judged(t, third), "3.sql.gz", Partial)
	if opened.opened == 0 || opened.opened > 2 {
		t.Errorf("%d files opened for one that has changed", opened.opened)
	}
}

func TestMemoryThatIsBrokenIsReplaced(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	write(t, dir+"/1.sql.gz", compressors(t)[".sql.gz"]([]byte(plainDump)), hour)
	b := Backup{Name: "nightly", Path: dir + "/*", Trailer: true}
	for _, text := range []string{"", "{", `{"format":99,"entries":[{"path":"x"}]}`, `{"format":2,"entries":[{"state":77,"level":"high"}]}`, `{"format":2,"entries":[{"state":77,"level":"stream"}]}`} {
		path := write(t, state+"/verified-nightly.json", []byte(text), 0)
		source, _ := restarted(t, new(clock), state, mysqldump(), b)
		wantStatus(t, judged(t, source), "1.sql.gz", Success)
		if kept := newMemory(state, "nightly").load(); len(kept) != 1 {
			t.Errorf("after %q: %d entries in %s", text, len(kept), path)
		}
	}
}

func TestMemoryThatCannotBeWrittenCostsNothingElse(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/1.sql.gz", compressors(t)[".sql.gz"]([]byte(plainDump)), hour)
	state := write(t, t.TempDir()+"/file", nil, 0) // where a folder should be
	source, _ := restarted(t, new(clock), state, mysqldump(), Backup{Name: "nightly", Path: dir + "/*", Trailer: true})
	wantStatus(t, judged(t, source), "1.sql.gz", Success)
	if _, err := os.Stat(state); err != nil {
		t.Error(err)
	}
}
