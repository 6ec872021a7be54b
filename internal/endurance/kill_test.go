// SPDX-License-Identifier: Apache-2.0

//go:build unix

package endurance

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/testenv"
)

var (
	kills = flag.Int("kills", 15, "how many programs are killed, all kinds together")
	seed  = flag.Uint64("seed", 20261124, "what the moments are made of")
)

func TestMain(m *testing.M) { testenv.Main(m) }

// victim is a kind of program that is killed. It keeps its state over all of its deaths.
type victim interface {
	// name says what is killed.
	name() string
	// start starts the program once more, the leader of a process group. It is killed at any moment from then on.
	start(t *testing.T) *exec.Cmd
	// survived checks what must hold after the death: no completed run is lost, no state is half written, a lost run is
	// marked as lost at the next start, and no process is left that should not be.
	survived(t *testing.T)
	// tally says in a few words what all of its deaths came to.
	tally() string
}

// victims are all kinds. Whoever builds another program that keeps state adds it here.
func victims(t *testing.T, programs string) []victim {
	return []victim{newVerifier(t, programs), newWrapper(t, programs)}
}

// TestKilledAtRandomMoments kills each victim at moments spread evenly over the time that it takes when it is let live.
func TestKilledAtRandomMoments(t *testing.T) {
	all := victims(t, build(t))
	takes := make([]time.Duration, len(all))
	for i, v := range all {
		begin := time.Now()
		live(t, v)
		takes[i] = time.Since(begin)
		v.survived(t)
	}
	random := rand.New(rand.NewPCG(*seed, 0))
	deaths := map[string]int{}
	for n := range *kills {
		i := random.IntN(len(all))
		after := time.Duration(random.Float64() * 1.1 * float64(takes[i]))
		if kill(t, all[i].start(t), after) {
			deaths[all[i].name()]++
		}
		all[i].survived(t)
		if t.Failed() {
			t.Fatalf("after kill %d of seed %d: %s, %v after its start", n+1, *seed, all[i].name(), after)
		}
	}
	for i, v := range all {
		t.Logf("%s: takes %v, killed %d times: %s", v.name(), takes[i].Round(time.Millisecond), deaths[v.name()], v.tally())
		if deaths[v.name()] == 0 && *kills >= 10*len(all) {
			t.Errorf("%s: was never killed before it was done", v.name())
		}
	}
	t.Logf("seed %d, %d kills", *seed, *kills)
}

// build makes the programs as they are shipped, once, and returns their folder.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	command := exec.CommandContext(t.Context(), testenv.Installed(t, "go"), "build", "-o", dir, "./cmd/dbsyncctl", "./cmd/dbsync_exporter")
	command.Dir = filepath.Join("..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// live lets a victim do all of its work.
func live(t *testing.T, v victim) {
	t.Helper()
	command := v.start(t)
	if w, ok := v.(interface{ finished() error }); ok { // it does not end by itself
		defer func() {
			_ = command.Process.Kill()
			_ = command.Wait()
		}()
		testenv.Eventually(t, time.Minute, v.name()+" does its work", w.finished)
		return
	}
	if err := command.Wait(); err != nil {
		t.Fatalf("%s: %v", v.name(), err)
	}
}

// kill kills a program when its time has come, and reports whether it was still alive then.
func kill(t *testing.T, command *exec.Cmd, after time.Duration) bool {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return false
	case <-time.After(after):
	}
	_ = command.Process.Kill()
	<-ended
	return command.ProcessState.ExitCode() < 0
}

func numbered(format string, n int) string { return fmt.Sprintf(format, n) }
