// SPDX-License-Identifier: Apache-2.0

package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/easy-erp/dbsync/internal/statefile"
)

const (
	// incomingDir is where programs without a library of ours leave reports: one
	// file per report, renamed into place when it is whole.
	incomingDir = "incoming"
	// rejectedSuffix is added to the name of a file that is no report, so that
	// somebody can look at it and it does not stand in the way of the others.
	rejectedSuffix = ".rejected"
	// maxReport bounds one report in bytes.
	maxReport = 64 << 10
	// maxIncoming bounds the names that are read in one go.
	maxIncoming = 1000
	// incomingBudget is how long one refresh takes reports in: each is on the disk
	// before the next one. What is left waits for the next refresh.
	incomingBudget = refreshLimit / 2
)

// Decode reads a run from JSON, or an event of CloudEvents 1.0 as a run that has
// ended, now unless it says when. An unknown field of a run is an error, as a
// misspelt one would be lost silently.
func Decode(text []byte, now time.Time) (Run, error) {
	if isCloudEvent(text) {
		return decodeCloudEvent(text, now)
	}
	var r Run
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Run{}, fmt.Errorf("not the JSON of a run: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Run{}, errors.New("not the JSON of a run: something follows it")
	}
	return r, nil
}

// takeIn reports the runs that lie in the folder incoming and removes their files.
func (s *Store) takeIn(ctx context.Context) error {
	dir := filepath.Join(s.dir, incomingDir)
	reports, errs := incoming(dir)
	stop := time.Now().Add(incomingBudget)
	for _, name := range reports {
		if ctx.Err() != nil || time.Now().After(stop) {
			break
		}
		if err := s.takeInFile(ctx, filepath.Join(dir, name)); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// incoming lists the reports, the oldest names first, and complains about what
// was rejected until somebody removes it.
func incoming(path string) (reports []string, errs []error) {
	dir, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{fmt.Errorf("read the reports that came in: %w", err)}
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxIncoming)
	if err != nil && !errors.Is(err, io.EOF) {
		errs = append(errs, fmt.Errorf("read the reports that came in: %w", err))
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case strings.HasPrefix(name, "."):
		case strings.HasSuffix(name, suffix):
			reports = append(reports, name)
		case strings.HasSuffix(name, rejectedSuffix):
			errs = append(errs, fmt.Errorf("%s is not the report of a run: the log says why; remove it", filepath.Join(path, name)))
		}
	}
	return reports, errs
}

func (s *Store) takeInFile(ctx context.Context, path string) error {
	text, _, err := statefile.Read(path, maxReport)
	if errors.Is(err, os.ErrNotExist) {
		return nil // somebody else has taken it in
	}
	var run Run
	if err == nil {
		run, err = Decode(text, s.now())
	} else if !errors.Is(err, statefile.ErrNotSmall) {
		return fmt.Errorf("read a report that came in: %w", err)
	}
	if err == nil {
		err = run.Validate(s.now())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%s is not the report of a run: %w", path, err), os.Rename(path, path+rejectedSuffix))
	}
	// A report that is taken in twice, because its file could not be removed,
	// counts once.
	if _, err := s.Report(ctx, run); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove a report that was taken in, give the exporter's account the folder: %w", err)
	}
	return nil
}
