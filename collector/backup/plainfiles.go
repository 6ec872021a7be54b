// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"time"
)

// plainFiles is the method of any other files or folders. What is there and no
// longer written to counts as a backup. Reading it checks the streams of what is
// compressed, and the checksums that lie beside it.
func plainFiles() method {
	return method{
		name:     "files",
		statuses: []Status{Success, Failed, Partial, Running},
		kept:     true,
		every:    10 * time.Second,
		open:     func(b Backup, e *env, _ *method) source { return newFileSource(b, e, plainTool{}) },
	}
}

type plainTool struct{}

func (plainTool) glance(ctx context.Context, p *place) (artefact, error) {
	var a artefact
	p.measure(&a)
	if a.stored == 0 {
		a.state, a.evidence = empty, "empty"
		return a, nil
	}
	a.state, a.evidence, a.level = assumed, "no longer written to", Plausible
	if !p.file.dir {
		return a, born(ctx, p, &a)
	}
	return a, nil
}

// born fills in when a single file was made. It must be readable for that, as the
// user will want to know.
func born(ctx context.Context, p *place, a *artefact) error {
	c, err := p.store.open(ctx, p.file.path)
	if err != nil {
		return err
	}
	defer c.Close()
	a.start = begun(c, p.file)
	return nil
}

func (plainTool) read(ctx context.Context, p *place, a artefact, s *streams) (artefact, error) {
	return readAll(ctx, p, a, s)
}
