// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// endless is a file without an end, which nothing keeps waiting.
type endless struct{ forgot []int64 }

func (*endless) ReadAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (*endless) Close() error                          { return nil }
func (*endless) born() (time.Time, bool)               { return time.Time{}, false }
func (*endless) held(int64) map[int64]bool             { return nil }
func (e *endless) forget(offset, length int64)         { e.forgot = append(e.forgot, offset, length) }

// takes is how long it takes to read so much of a file and to work on each part of it for so long.
func takes(t *testing.T, limit *rate.Limiter, size int, work time.Duration) time.Duration {
	t.Helper()
	s := &steady{ctx: t.Context(), content: &endless{}, limiter: limit, progress: func(int64) {}}
	begin, part := time.Now(), make([]byte, 4<<20) // more than is read at once
	for size > 0 {
		n, err := s.Read(part[:min(size, len(part))])
		if err != nil || n > readChunk {
			t.Fatalf("%d bytes at once, %v", n, err)
		}
		size -= n
		time.Sleep(work)
	}
	return time.Since(begin)
}

func TestReadingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if d := takes(t, newLimiter(1<<20), 60<<20, 0); d < 59*time.Second || d > 61*time.Second {
			t.Errorf("60 MiB at 1 MiB a second took %v", d)
		}
		// 100 parts, each of which keeps the processor for 5 ms.
		if d := takes(t, newLimiter(1<<40), 100*readChunk, 5*time.Millisecond); d < 990*time.Millisecond {
			t.Errorf("half a second of work took %v, want at least twice that", d)
		}
		if d := takes(t, rate.NewLimiter(rate.Inf, readChunk), 100*readChunk, 5*time.Millisecond); d != 500*time.Millisecond {
			t.Errorf("without a limit it took %v", d)
		}
	})
}

// TestAllThatIsReadIsForgotten, and little is left meanwhile.
func TestAllThatIsReadIsForgotten(t *testing.T) {
	file := &endless{}
	s := &steady{ctx: t.Context(), content: file, limiter: rate.NewLimiter(rate.Inf, readChunk), progress: func(int64) {}}
	if _, err := io.CopyN(io.Discard, s, 50<<20); err != nil {
		t.Fatal(err)
	}
	end := int64(0)
	for i := 0; i < len(file.forgot); i += 2 {
		if file.forgot[i] != end || file.forgot[i+1] > forgetEvery+readChunk {
			t.Errorf("forgot %d bytes at %d, of what was read since %d", file.forgot[i+1], file.forgot[i], end)
		}
		end = file.forgot[i] + file.forgot[i+1]
	}
	if end < 50<<20-forgetEvery {
		t.Errorf("of 50 MiB %d bytes were forgotten", end)
	}
}
