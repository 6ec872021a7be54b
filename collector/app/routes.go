// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"fmt"
	"strings"
)

// otherRoute is the route of a request that no template matches.
const otherRoute = "other"

// maxRoutes bounds the templates of one API: each costs sixteen series.
const maxRoutes = 100

// route is a template of paths.
type route struct {
	template string
	segments []string // anySegment, or the text itself
	rest     bool     // whatever follows matches too
}

// anySegment stands for a segment that may be anything but empty.
const anySegment = "{}"

// parseRoute reads a template: {name} stands for one segment, a last * for all
// that follow.
func parseRoute(template string) (route, error) {
	r := route{template: template}
	path, ok := strings.CutPrefix(template, "/")
	if !ok {
		return r, fmt.Errorf("route %q: want a path that begins with /", template)
	}
	for segment := range strings.SplitSeq(path, "/") {
		switch {
		case r.rest:
			return r, fmt.Errorf("route %q: * stands for all that follows and is the last", template)
		case segment == "*":
			r.rest = true
		case strings.HasPrefix(segment, "{") && strings.HasSuffix(segment, "}"):
			r.segments = append(r.segments, anySegment)
		case strings.ContainsAny(segment, "{}*?#"):
			return r, fmt.Errorf("route %q: a segment is a text, {name}, or * at the end", template)
		default:
			r.segments = append(r.segments, segment)
		}
	}
	return r, nil
}

// CheckRoute says what is wrong with a template.
func CheckRoute(template string) error {
	_, err := parseRoute(template)
	return err
}

// parseRoutes reads the templates of an API.
func parseRoutes(templates []string) ([]route, error) {
	if len(templates) > maxRoutes {
		return nil, fmt.Errorf("%d routes: at most %d can be told apart", len(templates), maxRoutes)
	}
	routes := make([]route, 0, len(templates))
	for _, template := range templates {
		r, err := parseRoute(template)
		if err != nil {
			return nil, err
		}
		routes = append(routes, r)
	}
	return routes, nil
}

// matches reports whether a path, its query included, is of the template.
func (r route) matches(path []byte) bool {
	if end := bytes.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	path = path[1:]
	for i, want := range r.segments {
		segment, rest, more := bytes.Cut(path, []byte{'/'})
		fits := want == string(segment) || want == anySegment && len(segment) > 0
		if last := i == len(r.segments)-1 && !r.rest; !fits || more == last {
			return false
		}
		path = rest
	}
	return true
}
