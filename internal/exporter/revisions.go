// SPDX-License-Identifier: Apache-2.0

package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/collector/migration/release"
	"github.com/easy-erp/dbsync/internal/hang"
)

// revisionLists is the answer of GET /api/v1/revisions.
type revisionLists struct {
	Lists []revisionSummary `json:"lists"`
	// Warnings say what could not be read.
	Warnings []string `json:"warnings,omitempty"`
}

// revisionSummary is a list without its files.
type revisionSummary struct {
	Name   string    `json:"name"`
	Tool   string    `json:"tool,omitempty"`
	Files  int       `json:"files"`
	Pushed time.Time `json:"pushed"`
	// Histories are those of the configuration that it is compared with.
	Histories []string `json:"histories"`
}

// revisionsAnswer is the answer of PUT /api/v1/revisions.
type revisionsAnswer struct {
	// Recorded is false when the list was there already: only its time is new.
	Recorded  bool     `json:"recorded"`
	Histories []string `json:"histories"`
}

// listRevisions serves which lists of migration files releases have pushed.
func (e *Exporter) listRevisions(w http.ResponseWriter, r *http.Request) error {
	name, err := revisionsQuery(r.URL.Query())
	if err != nil {
		return err
	}
	g, err := e.generation()
	if err != nil {
		return err
	}
	answer := revisionLists{Lists: []revisionSummary{}}
	ctx, cancel := context.WithTimeout(r.Context(), runTimeout)
	defer cancel()
	type lists struct {
		all []release.Pushed
		err error // of some
	}
	found, err := hang.Do(ctx, &e.listing, func() (lists, error) {
		all, err := g.lists.All()
		return lists{all, err}, nil
	})
	if err = errors.Join(err, found.err); err != nil {
		answer.Warnings = []string{err.Error()}
	}
	for _, p := range found.all {
		if name == "" || name == p.Name {
			answer.Lists = append(answer.Lists, revisionSummary{p.Name, p.Tool, len(p.Files), p.Time, names(g.readers(p.Name))})
		}
	}
	return writeJSON(w, http.StatusOK, answer)
}

// putRevisions takes the list of migration files that a release has.
func (e *Exporter) putRevisions(w http.ResponseWriter, r *http.Request) error {
	name, err := revisionsQuery(r.URL.Query())
	if err == nil {
		err = wrong(release.CheckName(name))
	}
	if err != nil {
		return err
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, release.MaxBytes))
	if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
		return failure(tooLarge, "the list has more than %d bytes", release.MaxBytes)
	}
	if err != nil {
		return failure(badRequest, "read the list: %w", err)
	}
	list, err := release.Decode(text)
	if err != nil {
		return wrong(err)
	}
	g, err := e.generation()
	if err != nil {
		return err
	}
	readers := g.readers(name)
	for _, h := range readers {
		if err := migration.CheckRelease(h.tool, list); err != nil {
			return failure(badRequest, "%s: %w", h.name, err)
		}
	}
	news, err := changeLists(r.Context(), e, g, func(lists *release.Store) (bool, error) {
		return lists.Put(name, list, e.options.Now())
	})
	switch {
	case errors.Is(err, release.ErrTooMany):
		return failure(conflict, "%w", err)
	case err != nil:
		return err
	}
	code := http.StatusOK
	if news {
		code = http.StatusCreated
	}
	return writeJSON(w, code, revisionsAnswer{news, names(readers)})
}

// deleteRevisions forgets a list.
func (e *Exporter) deleteRevisions(w http.ResponseWriter, r *http.Request) error {
	name, err := revisionsQuery(r.URL.Query())
	if err == nil {
		err = wrong(release.CheckName(name))
	}
	if err != nil {
		return err
	}
	g, err := e.generation()
	if err != nil {
		return err
	}
	_, err = changeLists(r.Context(), e, g, func(lists *release.Store) (struct{}, error) { return struct{}{}, lists.Delete(name) })
	switch {
	case errors.Is(err, release.ErrNotFound):
		return failure(notFound, "%w", err)
	case err != nil:
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// changeLists works in the state folder, within a bound and with few others at a
// time: it may be on a disk that hangs.
func changeLists[T any](ctx context.Context, e *Exporter, g *generation, work func(*release.Store) (T, error)) (T, error) {
	select {
	case e.runWrites <- struct{}{}:
	default:
		var none T
		return none, failure(unavailable, "%d requests wait for the state folder: try again later", maxRunWrites)
	}
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	var guard hang.Guard
	return hang.Do(ctx, &guard, func() (T, error) {
		defer func() { <-e.runWrites }() // also when nobody waits any more
		return work(g.lists)
	})
}

// reader is a history that is compared with a list.
type reader struct{ name, tool string }

// readers are the histories that name the list.
func (g *generation) readers(list string) []reader {
	var all []reader
	for _, t := range g.config.Targets() {
		for _, h := range g.config.Histories(t.Name) {
			if h.Revisions == list {
				all = append(all, reader{fmt.Sprintf("%s: %s of %s", t.Name, h.Schema, h.Tool), h.Tool})
			}
		}
	}
	return all
}

func names(readers []reader) []string {
	all := []string{}
	for _, r := range readers {
		all = append(all, r.name)
	}
	return all
}

// wrong makes an error the client's.
func wrong(err error) error {
	if err == nil {
		return nil
	}
	return failure(badRequest, "%w", err)
}

// generation returns the one in force.
func (e *Exporter) generation() (*generation, error) {
	g := e.current.Load()
	if g == nil {
		return nil, failure(unavailable, "the exporter is stopping")
	}
	return g, nil
}

// revisionsQuery reads the parameter that selects a list.
func revisionsQuery(query url.Values) (name string, err error) {
	for parameter := range query {
		if parameter != "name" {
			return "", failure(badRequest, "unknown parameter %q: there is name", parameter)
		}
	}
	return query.Get("name"), nil
}
