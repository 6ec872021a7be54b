// SPDX-License-Identifier: Apache-2.0

package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// event is one of the format, with zeros for a content.
func event(at int64, seconds uint32, kind byte, content int) []byte {
	b := make([]byte, headerLength+content)
	binary.LittleEndian.PutUint32(b, seconds)
	b[4] = kind
	binary.LittleEndian.PutUint32(b[9:], uint32(len(b)))
	binary.LittleEndian.PutUint32(b[13:], uint32(at)+uint32(len(b)))
	return b
}

// logOf is a binary log of one event of the given length per second from 1000 on.
func logOf(closed bool, contents ...int) []byte {
	b := []byte(plainMagic)
	b = append(b, event(4, 1000, formatDescription, 100)...)
	second := uint32(1000)
	for _, n := range contents {
		second++
		b = append(b, event(int64(len(b)), second, 2, n)...)
	}
	if closed {
		b = append(b, event(int64(len(b)), second+1, rotate, 20)...)
	}
	return b
}

func scans(t *testing.T, b []byte) File {
	t.Helper()
	f, err := Scan(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ScanStream(bytes.NewReader(b))
	if err != nil || s != f {
		t.Errorf("as a stream: %+v, %v; as a file: %+v", s, err, f)
	}
	return f
}

func TestEndsOfLogs(t *testing.T) {
	small, large, huge := []int{10, 0, 300}, []int{200_000, 70_000, 5}, []int{7, 17 << 20}
	many := make([]int, 100_000)
	for name, contents := range map[string][]int{"small": small, "large": large, "huge": huge, "many": many, "none": nil} {
		t.Run(name, func(t *testing.T) {
			last := 1000 + int64(len(contents))
			open := logOf(false, contents...)
			f := scans(t, open)
			if f.First.Unix() != 1000 || f.Last.Unix() != last || !f.Whole() || f.Closed || f.Started || f.Size != int64(len(open)) {
				t.Errorf("open: %+v", f)
			}
			if f = scans(t, logOf(true, contents...)); !f.Closed || f.Last.Unix() != last+1 {
				t.Errorf("closed: %+v", f)
			}
			closed := logOf(true, contents...)
			if f = scans(t, closed[:len(closed)-1]); f.Closed || f.Whole() || f.End != int64(len(open)) || f.Last.Unix() != last {
				t.Errorf("cut off in its last event: %+v", f)
			}
			if f = scans(t, append(open, make([]byte, 100)...)); f.Whole() || f.End != int64(len(open)) {
				t.Errorf("with zeros behind it: %+v", f)
			}
		})
	}
}

func TestWhatIsNoLog(t *testing.T) {
	good := logOf(true, 10)
	relay := append([]byte(plainMagic), event(4, 1000, rotate, 100)...)
	encrypted := append([]byte(plainMagic), event(4, 1000, formatDescription, 100)...)
	encrypted = append(encrypted, event(int64(len(encrypted)), 0, startEncryption, 30)...)
	encrypted = append(encrypted, "nothing that could be read"...)
	for name, test := range map[string]struct {
		content []byte
		want    error
	}{
		"empty":              {nil, ErrShort},
		"the magic alone":    {good[:4], ErrShort},
		"half a first event": {good[:110], ErrShort},
		"a text":             {[]byte(strings.Repeat("binlog.000001\n", 10)), ErrForeign},
		"another first one":  {relay, ErrForeign},
		"MySQL's encrypted":  {append([]byte(encryptedMagic), good...), ErrEncrypted},
		"MariaDB's":          {encrypted, ErrEncrypted},
	} {
		_, err := Scan(bytes.NewReader(test.content), int64(len(test.content)))
		_, asStream := ScanStream(bytes.NewReader(test.content))
		if !errors.Is(err, test.want) || !errors.Is(asStream, test.want) {
			t.Errorf("%s: %v, as a stream %v, want %v", name, err, asStream, test.want)
		}
	}
	broken := errors.New("checksum")
	f, err := ScanStream(io.MultiReader(bytes.NewReader(good[:160]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || f.Last.Unix() != 1001 {
		t.Errorf("a stream that breaks gave %+v, %v", f, err)
	}
}

// A large file's events are found from its end on, by where they end.
func TestLargeLogIsReadAtItsEnds(t *testing.T) {
	b := logOf(true, make([]int, 200_000)...)
	r := &measured{in: bytes.NewReader(b)}
	if f, err := Scan(r, int64(len(b))); err != nil || !f.Closed {
		t.Fatalf("%+v, %v", f, err)
	}
	if r.read > 100<<10 {
		t.Errorf("%d of %d bytes were read", r.read, len(b))
	}
}

type measured struct {
	in   io.ReaderAt
	read int
}

func (m *measured) ReadAt(p []byte, at int64) (int, error) {
	n, err := m.in.ReadAt(p, at)
	m.read += n
	return n, err
}

func FuzzScan(f *testing.F) {
	f.Add(logOf(true, 10, 20))
	f.Add(logOf(false, 3)[:140])
	f.Add([]byte(encryptedMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Scan(bytes.NewReader(b), int64(len(b)))
		stream, streamErr := ScanStream(bytes.NewReader(b))
		if (err == nil) != (streamErr == nil) {
			t.Fatalf("%v, as a stream %v", err, streamErr)
		}
		if err == nil && len(b) < 64<<10 && got != stream {
			t.Errorf("%+v, as a stream %+v", got, stream)
		}
		if err == nil && (got.End > got.Size || got.Size != int64(len(b))) {
			t.Errorf("%+v of %d bytes", got, len(b))
		}
	})
}

func FuzzParseName(f *testing.F) {
	f.Add("binlog.000001")
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := ParseName(s)
		if !ok {
			return
		}
		if again, ok := ParseName(n.String()); !ok || again != n {
			t.Errorf("%q is %v, and that %v", s, n, again)
		}
	})
}

// log is a log of a chain from one second to another.
func logAt(number uint64, from, to int64, closed bool) Log {
	return Log{Name: Name{"binlog", number}, Known: true, File: File{
		First: time.Unix(from, 0), Last: time.Unix(to, 0), Size: 100, End: 100, Closed: closed,
	}}
}

func TestMissingLinksCutTheReach(t *testing.T) {
	crashed, restarted := logAt(2, 200, 290, false), logAt(3, 310, 400, true)
	restarted.File.Started = true
	encrypted := Log{Name: Name{"binlog", 2}}
	for name, test := range map[string]struct {
		logs  []Log
		reach int64 // from the first log on
		gaps  string
	}{
		"whole":      {[]Log{logAt(1, 100, 200, true), logAt(2, 200, 300, true), logAt(3, 300, 350, false)}, 350, ""},
		"a hole":     {[]Log{logAt(1, 100, 200, true), logAt(4, 400, 500, true)}, 200, "binlog.000002-binlog.000003 200-400"},
		"no end":     {[]Log{logAt(1, 100, 200, true), logAt(2, 200, 290, false), logAt(3, 300, 400, true)}, 290, "binlog.000002-binlog.000002 290-300"},
		"a crash":    {[]Log{logAt(1, 100, 200, true), crashed, restarted}, 400, ""},
		"encrypted":  {[]Log{logAt(1, 100, 200, true), encrypted, logAt(3, 300, 400, true)}, 400, ""},
		"all sealed": {[]Log{logAt(1, 100, 200, true), encrypted}, 200, ""},
		"a reset":    {[]Log{logAt(1, 9000, 9100, true), logAt(2, 200, 300, true)}, 9100, "binlog.000002-binlog.000002 9100-200"},
		"twice":      {[]Log{logAt(1, 100, 200, true), logAt(1, 1, 2, false), logAt(2, 200, 300, false)}, 300, ""},
	} {
		c := Chains(test.logs)[0]
		if got := c.Until(c.Ends()[0]).Unix(); got != test.reach {
			t.Errorf("%s reaches %d, want %d", name, got, test.reach)
		}
		var gaps []string
		for _, g := range c.Gaps() {
			gaps = append(gaps, g.First.String()+"-"+g.Last.String()+" "+seconds(g.Since)+"-"+seconds(g.Until))
		}
		if got := strings.Join(gaps, ", "); got != test.gaps {
			t.Errorf("%s has gaps %q, want %q", name, got, test.gaps)
		}
	}
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func TestPlacesInAChain(t *testing.T) {
	prefixed := logAt(3, 300, 400, false)
	prefixed.Name.Base = "erp-binlog"
	c := Chains([]Log{logAt(2, 200, 300, true), logAt(1, 100, 200, true), prefixed})
	if len(c) != 2 || c[0][0].Name != prefixed.Name {
		t.Fatalf("got %v", c)
	}
	if i, ok := c[1].From(Name{"binlog", 2}, 100); i != 1 || !ok {
		t.Errorf("the place is at %d, %v", i, ok)
	}
	if _, ok := c[1].From(Name{"binlog", 2}, 101); ok {
		t.Error("the place is behind the end")
	}
	if _, ok := c[0].From(Name{"binlog", 3}, 1); !ok {
		t.Error("what an archive puts before the name matters")
	}
	if i, ok := c[1].At(time.Unix(250, 0)); i != 1 || !ok {
		t.Errorf("the time is at %d, %v", i, ok)
	}
	if _, ok := c[1].At(time.Unix(99, 0)); ok {
		t.Error("the time is before all logs")
	}
}
