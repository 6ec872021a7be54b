// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// server is a database server that says where its directories are, or not.
type server struct {
	asked int
	paths []Path
	err   error
}

func (s *server) discover(context.Context) ([]Path, error) {
	s.asked++
	return s.paths, s.err
}

func TestDiscoveryIsRareAndRemembered(t *testing.T) {
	s := &server{err: errors.New("down")}
	now := time.Unix(1000, 0)
	d := &discovery{ask: s.discover, now: func() time.Time { return now }, timeout: time.Minute}
	steps := []struct {
		name    string
		advance time.Duration
		paths   []Path
		err     error
		asked   int
		want    []Path
		failed  bool
	}{
		{"unknown", 0, nil, errors.New("down"), 1, nil, true},
		{"not asked again at once", time.Second, []Path{{"datadir", "/a"}}, nil, 1, nil, true},
		{"found", discoverRetry, []Path{{"datadir", "/a"}}, nil, 2, []Path{{"datadir", "/a"}}, false},
		{"remembered", discoverEvery - time.Second, []Path{{"datadir", "/b"}}, nil, 2, []Path{{"datadir", "/a"}}, false},
		{"kept while down", time.Second, nil, errors.New("down"), 3, []Path{{"datadir", "/a"}}, false},
		{"renewed", discoverRetry, []Path{{"datadir", "/b"}}, nil, 4, []Path{{"datadir", "/b"}}, false},
	}
	for _, step := range steps {
		now = now.Add(step.advance)
		s.paths, s.err = step.paths, step.err
		got, err := d.paths(t.Context())
		if !slices.Equal(got, step.want) || (err != nil) != step.failed || s.asked != step.asked {
			t.Errorf("%s: %v, %v after %d questions; want %v, failed %v, %d",
				step.name, got, err, s.asked, step.want, step.failed, step.asked)
		}
	}
}

func TestDiscoveryWithoutServer(t *testing.T) {
	if got, err := (&discovery{}).paths(t.Context()); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestUniquePaths(t *testing.T) {
	got := unique([]Path{{"datadir", "/a"}, {"binlog", "/a"}, {"datadir", "/a"}})
	if want := []Path{{"datadir", "/a"}, {"binlog", "/a"}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
