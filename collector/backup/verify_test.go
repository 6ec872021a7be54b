// SPDX-License-Identifier: Apache-2.0

//go:build unix

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestInterruptedReadingGoesOnWithTheNextFile ends the reading of a folder, as a stop of the exporter does, within its
// second file.
func TestInterruptedReadingGoesOnWithTheNextFile(t *testing.T) {
	dir := t.TempDir() + "/nightly"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	packed := compressors(t)[".sql.gz"]([]byte(plainDump))
	for i := range 3 {
		write(t, fmt.Sprintf("%s/%d.sql.gz", dir, i), packed, hour)
	}
	now := new(clock)
	now.advance(hour)
	source := dumps(now, dir, true)
	runsOf(t, source)
	opened := map[string]int{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	source.store = &hooked{before: func(path string) {
		opened[filepath.Base(path)]++
		if filepath.Base(path) == "1.sql.gz" {
			cancel()
		}
	}}
	if _, err := source.readNext(ctx, func(_, _ int64) {}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	begin := int64(-1)
	if _, err := source.readNext(t.Context(), func(read, all int64) {
		if begin < 0 {
			begin = read
		}
		if read > all {
			t.Errorf("%d of %d bytes were read", read, all)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if opened["0.sql.gz"] != 1 || opened["1.sql.gz"] != 2 || opened["2.sql.gz"] != 1 {
		t.Errorf("opened %v", opened)
	}
	if begin < int64(len(packed)) {
		t.Errorf("the progress begins again, at %d bytes", begin)
	}
	wantStatus(t, judged(t, source), "nightly", Success)
}

func TestVerifyingTakesLittleMemory(t *testing.T) {
	const size = 256 << 20
	dir := t.TempDir()
	path := write(t, dir+"/1.sql", []byte("-- MySQL dump 10.13  Distrib 9.7.0\n"), hour)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	const end = "\n-- Dump completed on 2026-11-24  2:00:01\n"
	_, err = f.WriteAt([]byte(end), size-int64(len(end)))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	now := new(clock)
	now.advance(hour)
	source := dumps(now, dir+"/*", true)
	source.level = Stream
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run := wantStatus(t, judged(t, source), "1.sql", Success)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; run.Level != Stream || used > 8<<20 {
		t.Errorf("to level %v, with %d bytes allocated for %d", run.Level, used, size)
	}
}

// TestStreamThatAsksForMuchMemoryIsNotRead is a dump whose decompression takes 2 GiB.
func TestStreamThatAsksForMuchMemoryIsNotRead(t *testing.T) {
	zstd := testenv.Tool(t, sandbox.Old, "zstd")
	dir := t.TempDir()
	write(t, dir+"/1.sql.zst", output(t, command(t, zstd, "-c", "--long=31"), []byte(plainDump)), hour)
	source := dumps(new(clock), dir+"/*", true)
	runsOf(t, source)
	if _, err := source.readNext(t.Context(), func(_, _ int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := source.look(t.Context()); err == nil || source.known[0].artefact.state != opaque {
		t.Errorf("got %v, %+v", err, source.known[0].artefact)
	}
}
