package exec

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// heldRows is a stream of which some batches were read ahead.
type heldRows struct {
	*replay
	schema *arrow.Schema
}

// Schema implements scan.Rows.
func (h *heldRows) Schema() *arrow.Schema { return h.schema }

// count is the number of rows that are held.
func (h *heldRows) count() (n int64) {
	for _, b := range h.held {
		n += b.Record.NumRows()
	}
	return n
}

// hold reads up to most rows ahead: all of them, or those that a limit above leaves.
// complete is false when there are more.
func hold(ctx context.Context, rows scan.Rows, most int64, first first) (held *heldRows, complete bool, err error) {
	h := &heldRows{replay: &replay{rest: rows}, schema: rows.Schema()}
	for count := int64(0); first.limit == 0 || count < first.limit; {
		b, err := rows.Next(ctx)
		if isEnd(err) {
			break
		}
		if err != nil {
			return h, false, err
		}
		h.held = append(h.held, b)
		if count += b.Record.NumRows(); count <= most {
			continue
		}
		if err := first.cut(ctx, h); err != nil {
			return h, false, err
		}
		if count = h.count(); count > most {
			return h, false, nil
		}
	}
	rows.Close()
	h.rest = nil
	return h, true, first.cut(ctx, h)
}

// first is which rows a limit leaves of a read, with nothing but a sort between: any
// number of them, or the first ones by a column.
type first struct {
	limit int64
	top   *query.Top
	// value reads the column of top.
	value func(arrow.Array, int) predicate.Value
}

// firstOf gives what a limit above a read leaves of it; nothing is left out where
// values of the column can't be ordered as the engine orders them.
func firstOf(a query.Access) first {
	f := first{limit: a.Limit}
	if a.Top == nil || a.Top.Rows <= 0 {
		return f
	}
	c := a.Table.Column(a.Top.Column)
	if c == nil || c.Type == catalog.JSON || c.Type == catalog.Float64 {
		return f
	}
	value, err := predicate.Reader(arrow.Field{Name: c.Name, Type: c.Type.Arrow()})
	if err != nil {
		return f
	}
	if f.value = value; c.Type == catalog.GUID {
		f.value = func(a arrow.Array, row int) predicate.Value {
			v := value(a, row)
			v.Str = strings.ToLower(v.Str)
			return v
		}
	}
	f.top = a.Top
	return f
}

// cut drops the held rows that are not among the first by the column. Of those that
// stand side by side with the last one all stay, since what orders them the engine knows.
func (f first) cut(ctx context.Context, h *heldRows) error {
	if f.top == nil || h.count() <= f.top.Rows {
		return nil
	}
	at := h.schema.FieldIndices(f.top.Column)
	if len(at) != 1 {
		return nil
	}
	var all []place
	for _, b := range h.held {
		all = append(all, f.places(b, at[0])...)
	}
	last := slices.SortedFunc(slices.Values(all), f.compare)[f.top.Rows-1]
	held := h.held
	h.held = nil
	for _, b := range held {
		keep, kept := make([]bool, b.Record.NumRows()), 0
		for row := range keep {
			if keep[row] = f.compare(all[row], last) <= 0; keep[row] {
				kept++
			}
		}
		all = all[len(keep):]
		rec, err := keepRows(ctx, b.Record, keep, kept)
		if err != nil {
			return err
		}
		if b.Record = rec; rec != nil {
			h.held = append(h.held, b)
		}
	}
	return nil
}

// place is what a row's place in the order hangs on.
type place struct {
	null  bool
	value predicate.Value
}

// places reads those of a batch.
func (f first) places(b scan.Batch, at int) []place {
	column := b.Record.Column(at)
	out := make([]place, column.Len())
	for row := range out {
		if out[row].null = column.IsNull(row); !out[row].null {
			out[row].value = f.value(column, row)
		}
	}
	return out
}

// compare orders rows as the query does.
func (f first) compare(a, b place) int {
	order, _ := predicate.Compare(a.value, b.value)
	switch {
	case a.null == b.null && f.top.Descending:
		return -order
	case a.null == b.null:
		return order
	case a.null == f.top.NullsFirst:
		return -1
	}
	return 1
}

// wanted is the number of rows that a read gives keys from.
func (d *driven) wanted() int64 {
	f, rows := firstOf(d.read.Access), d.read.Estimate.Rows
	if f.limit > 0 {
		rows = min(rows, f.limit)
	}
	if f.top != nil {
		rows = min(rows, f.top.Rows)
	}
	return rows
}
