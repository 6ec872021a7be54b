// SPDX-License-Identifier: Apache-2.0

package schemachange

import (
	"context"

	"github.com/easy-erp/dbsync/collector"
)

// leftovers is the background collector that renews what is known of the tools.
type leftovers struct {
	objects *objects
	target  *collector.Target
}

// heap is what a method left in a schema, of one kind.
type heap struct{ schema, method, kind string }

// amount is how much that is.
type amount struct{ count, bytes, oldest float64 }

func (l leftovers) Collect(ctx context.Context, out *collector.Sink) error {
	found, size, err := find(ctx, l.target.Server)
	if err != nil {
		return err
	}
	heaps := map[heap]amount{}
	for _, o := range l.objects.renew(found, size, l.target.Now()) {
		h := heap{o.of.schema, o.method, o.kind}
		a := heaps[h]
		a.count++
		a.bytes += o.bytes.Float64
		if o.created.Valid && (a.oldest == 0 || o.created.Float64 < a.oldest) {
			a.oldest = o.created.Float64
		}
		heaps[h] = a
	}
	for h, a := range heaps {
		out.Emit(leftoverCount, a.count, h.schema, h.method, h.kind)
		if h.kind != trigger {
			out.Emit(leftoverBytes, a.bytes, h.schema, h.method, h.kind)
		}
		if a.oldest > 0 {
			out.Emit(leftoverOldest, a.oldest, h.schema, h.method, h.kind)
		}
	}
	return nil
}
