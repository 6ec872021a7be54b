// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/time/rate"
)

// TestPageCacheStaysAsItWas reads a file of which somebody else has a part in the page cache.
func TestPageCacheStaysAsItWas(t *testing.T) {
	const size = 4 * forgetEvery
	f, err := os.Create(t.TempDir() + "/dump.sql")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = f.WriteString(noise(size))
	if err := errors.Join(err, f.Sync()); err != nil {
		t.Fatal(err)
	}
	var part unix.Cachestat_t
	if err := unix.Cachestat(uint(f.Fd()), &unix.CachestatRange{Len: size}, &part, 0); err != nil {
		t.Skipf("NOT TESTED: the kernel does not tell what is in the page cache: %v", err)
	}
	dropCache(f, 0, size)
	if cached(f, 0, size) > 0 {
		t.Skip("NOT TESTED: this file system keeps its files in memory")
	}
	if _, err := f.ReadAt(make([]byte, forgetEvery), forgetEvery); err != nil { // somebody else
		t.Fatal(err)
	}
	s := &steady{ctx: t.Context(), content: localFile{f}, limiter: rate.NewLimiter(rate.Inf, readChunk), progress: func(int64) {}}
	if n, err := io.Copy(io.Discard, s); n != size || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	for i, want := range []bool{false, true, false, false} {
		if got := cached(f, int64(i)*forgetEvery, forgetEvery); got > forgetEvery/2 != want {
			t.Errorf("part %d: %d bytes are in the page cache, before it was there: %v", i, got, want)
		}
	}
}
