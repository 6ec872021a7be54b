// SPDX-License-Identifier: Apache-2.0

// Package backfill writes a Prometheus data folder as if a fleet had been scraped
// for weeks, in minutes and without a scrape: for measuring what dashboards and
// rules cost. Blocks, chunks and index are as the server's own compaction leaves
// them; series of the same shape have the same samples, each its own copy.
package backfill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/index"
)

// Series is one series of the whole time.
type Series struct {
	Labels labels.Labels
	Shape  Shape
}

// Shape is how the values of a series go.
type Shape struct {
	Interval time.Duration // between two samples
	Kind     Kind
	Level    float64 // the value, its mean, or its mean increase per second
}

// Kind is how values change.
type Kind int

// The kinds.
const (
	Constant Kind = iota
	Wavering      // a gauge, with the hour of the day
	Rising        // a counter without resets, by random steps
)

// block is how long one block is: what the server's compaction ends with at a
// retention of 90 days, 2 h tripled four times.
const block = 162 * time.Hour

// compacted is the level of such a block: written once, and compacted four times.
const compacted = 5

// meta is meta.json of a block (tsdb/docs/format/README.md).
type meta struct {
	ULID       ulid.ULID `json:"ulid"`
	MinTime    int64     `json:"minTime"`
	MaxTime    int64     `json:"maxTime"`
	Stats      stats     `json:"stats"`
	Compaction struct {
		Level   int         `json:"level"`
		Sources []ulid.ULID `json:"sources"`
	} `json:"compaction"`
	Version int `json:"version"`
}

type stats struct {
	NumSamples      uint64 `json:"numSamples"`
	NumFloatSamples uint64 `json:"numFloatSamples"`
	NumSeries       uint64 `json:"numSeries"`
	NumChunks       uint64 `json:"numChunks"`
}

// samplesPerChunk is the server's own.
const samplesPerChunk = 120

// Write writes the series from one time to another into a new data folder.
func Write(ctx context.Context, dir string, from, to time.Time, series []Series) error {
	slices.SortFunc(series, func(a, b Series) int { return labels.Compare(a.Labels, b.Labels) })
	for i := range series[1:] {
		if labels.Equal(series[i].Labels, series[i+1].Labels) {
			return fmt.Errorf("twice: %s", series[i].Labels)
		}
	}
	for begin := from; begin.Before(to); begin = begin.Add(block) {
		end := begin.Add(block)
		if end.After(to) {
			end = to
		}
		if err := writeBlock(ctx, dir, begin, end, from, series); err != nil {
			return err
		}
	}
	return nil
}

// writeBlock writes a block of the samples before end; origin is when counters
// were 0.
func writeBlock(ctx context.Context, dir string, begin, end, origin time.Time, series []Series) (err error) {
	id := ulid.MustNew(ulid.Timestamp(begin), ulid.DefaultEntropy())
	dir = filepath.Join(dir, id.String())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	about := meta{ULID: id, MinTime: begin.UnixMilli(), MaxTime: end.UnixMilli(), Version: 1}
	about.Compaction.Level, about.Compaction.Sources = compacted, []ulid.ULID{id}
	if about.Stats, err = writeSeries(ctx, dir, series, func(s Shape) ([]chunks.Meta, error) {
		return chunksOf(s, begin, end, origin)
	}); err != nil {
		return err
	}
	text, err := json.Marshal(about)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "meta.json"), text, 0o644)
}

// writeSeries writes the chunks and the index of a block.
func writeSeries(
	ctx context.Context, dir string, series []Series, fill func(Shape) ([]chunks.Meta, error),
) (count stats, err error) {
	data, err := chunks.NewWriter(filepath.Join(dir, "chunks"))
	if err != nil {
		return count, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	toc, err := index.NewWriter(ctx, filepath.Join(dir, "index"))
	if err != nil {
		return count, err
	}
	defer func() { err = errors.Join(err, toc.Close()) }()
	if err := addSymbols(toc, series); err != nil {
		return count, err
	}
	filled := map[Shape][]chunks.Meta{}
	for i, s := range series {
		if filled[s.Shape] == nil {
			if filled[s.Shape], err = fill(s.Shape); err != nil {
				return count, err
			}
		}
		own := slices.Clone(filled[s.Shape])
		if err := data.WriteChunks(own...); err != nil { // which says where each is
			return count, err
		}
		if err := toc.AddSeries(storage.SeriesRef(i), s.Labels, own...); err != nil {
			return count, err
		}
		count.add(own)
	}
	return count, ctx.Err()
}

func addSymbols(toc *index.Writer, series []Series) error {
	symbols := map[string]bool{}
	for _, s := range series {
		s.Labels.Range(func(l labels.Label) { symbols[l.Name], symbols[l.Value] = true, true })
	}
	for _, symbol := range slices.Sorted(maps.Keys(symbols)) {
		if err := toc.AddSymbol(symbol); err != nil {
			return err
		}
	}
	return nil
}

func (s *stats) add(one []chunks.Meta) {
	s.NumSeries++
	s.NumChunks += uint64(len(one))
	for _, m := range one {
		s.NumSamples += uint64(m.Chunk.NumSamples())
	}
	s.NumFloatSamples = s.NumSamples
}

// chunksOf makes the samples of a shape.
func chunksOf(shape Shape, begin, end, origin time.Time) ([]chunks.Meta, error) {
	random := rand.New(rand.NewPCG(uint64(shape.Interval), math.Float64bits(shape.Level)))
	var metas []chunks.Meta
	var appender chunkenc.Appender
	value := shape.Level
	if shape.Kind == Rising { // beyond where the block before can have ended
		value = 2 * shape.Level * begin.Sub(origin).Seconds()
	}
	n := 0
	for at := begin; at.Before(end); at = at.Add(shape.Interval) {
		if n%samplesPerChunk == 0 {
			chunk := chunkenc.NewXORChunk()
			var err error
			if appender, err = chunk.Appender(); err != nil {
				return nil, err
			}
			metas = append(metas, chunks.Meta{Chunk: chunk, MinTime: at.UnixMilli()})
		}
		switch shape.Kind {
		case Constant:
		case Rising:
			value += math.Round(2 * random.Float64() * shape.Level * shape.Interval.Seconds())
		case Wavering:
			day := 2 * math.Pi * float64(at.Unix()%86400) / 86400
			value = math.Round(shape.Level * (1 + 0.2*math.Sin(day) + 0.05*random.Float64()))
		}
		appender.Append(0, at.UnixMilli(), value)
		metas[len(metas)-1].MaxTime = at.UnixMilli()
		n++
	}
	return metas, nil
}
