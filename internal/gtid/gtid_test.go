// SPDX-License-Identifier: Apache-2.0

package gtid_test

import (
	"maps"
	"testing"

	"github.com/easy-erp/dbsync/internal/gtid"
)

const (
	a = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
	b = "4e11fa47-71ca-11e1-9e33-c80aa9429562"
)

func set(t testing.TB, text string) gtid.Set {
	t.Helper()
	s, err := gtid.ParseSet(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseSet(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "",
		a + ":1":                                 a + ":1",
		a + ":1-5,\n" + b + ":7":                 a + ":1-5," + b + ":7",
		a + ":7-9:1-3:4:11":                      a + ":1-4:7-9:11",
		a + ":1-5:3-9":                           a + ":1-9",
		"3E11FA47-71CA-11E1-9E33-C80AA9429562:2": a + ":2",
		a + ":1-3:import:1-2:5:Other:1":          a + ":1-3," + a + ":import:1-2:5," + a + ":other:1",
		a + ":import:4":                          a + ":import:4",
		a + ":1-9223372036854775807":             a + ":1-9223372036854775807",
	} {
		if got := set(t, text).String(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{
		"x", a, a + ":", a + ":0", a + ":5-4", a + ":1-", a + ":-1", a + ":1-2-3", a + ":9223372036854775808", a + ":import",
		a + ":import:other:1", a + ":1:import", "0-1-100", a + ":2x",
	} {
		if s, err := gtid.ParseSet(text); err == nil {
			t.Errorf("%q was read as %q", text, s)
		}
	}
}

func TestMinus(t *testing.T) {
	for _, c := range []struct {
		s, t, want string
		size       uint64
	}{
		{a + ":1-10", a + ":1-10", "", 0},
		{a + ":1-10", "", a + ":1-10", 10},
		{"", a + ":1-10", "", 0},
		{a + ":1-10", a + ":3-4:9-20", a + ":1-2:5-8", 6},
		{a + ":1-4:6-10:20", a + ":2-7", a + ":1:8-10:20", 5},
		{a + ":5", a + ":1-4:6-9", a + ":5", 1},
		{a + ":1-10," + b + ":1", a + ":1-10", b + ":1", 1},
		{a + ":1-2:import:1-2", a + ":1-2", a + ":import:1-2", 2}, // another tag is another origin
	} {
		rest := set(t, c.s).Minus(set(t, c.t))
		if rest.String() != c.want || rest.Size() != c.size {
			t.Errorf("%s minus %s is %s (%d), want %s (%d)", c.s, c.t, rest, rest.Size(), c.want, c.size)
		}
	}
}

func TestParseState(t *testing.T) {
	s, err := gtid.ParseState("0-1-100,0-2-150, 7-1-3")
	if err != nil || !maps.Equal(s, gtid.State{{0, 1}: 100, {0, 2}: 150, {7, 1}: 3}) {
		t.Errorf("%v, %v", s, err)
	}
	if last := s.Last(); !maps.Equal(last, map[uint32]uint64{0: 150, 7: 3}) {
		t.Errorf("the last ones are %v", last)
	}
	if joined := s.Join(gtid.State{{0, 1}: 90, {0, 3}: 160}); joined[gtid.Writer{Domain: 0, Server: 1}] != 100 || joined.Last()[0] != 160 {
		t.Errorf("joined %v", joined)
	}
	for _, text := range []string{"x", "0-1", "0-1-2-3", "4294967296-1-1", "0--1", "0-1-18446744073709551616"} {
		if s, err := gtid.ParseState(text); err == nil {
			t.Errorf("%q was read as %v", text, s)
		}
	}
}

// FuzzSet: what is read means the same when it is written, and the parts that two sets
// do not share make them up with what they share.
func FuzzSet(f *testing.F) {
	f.Add(a+":1-3:import:1-2:5", a+":2")
	f.Add(a+":7-9:1-3,"+b+":4", b+":1-5")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, one, two string) {
		s, err := gtid.ParseSet(one)
		if err != nil {
			return
		}
		if again := set(t, s.String()); again.String() != s.String() || again.Size() != s.Size() {
			t.Fatalf("%q became %q", s, again)
		}
		u, err := gtid.ParseSet(two)
		if err != nil {
			return
		}
		rest := s.Minus(u)
		if shared := s.Minus(rest); shared.Minus(u).Size() != 0 || shared.Size()+rest.Size() != s.Size() {
			t.Fatalf("%q minus %q is %q", s, u, rest)
		}
	})
}

func FuzzState(f *testing.F) {
	f.Add("0-1-100,0-2-150")
	f.Add("4294967295-0-0,")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := gtid.ParseState(text)
		if err == nil && !maps.Equal(s, s.Join(s)) {
			t.Fatalf("%q joined with itself is another one", text)
		}
	})
}
