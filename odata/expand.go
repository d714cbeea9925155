package odata

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

const (
	// relatedKeys is the number of parents whose related entities one query
	// reads.
	relatedKeys = 200
	// relatedBytes bounds the related entities held for one batch.
	relatedBytes = 64 << 20
)

func navigationNames(s *catalog.Schema, t *catalog.Table) []string {
	var out []string
	for _, n := range edm.Navigations(s, t) {
		out = append(out, n.Name)
	}
	return out
}

// inline reads what $expand asks for the rows of a batch, and returns the
// function that writes it into each; nil without $expand.
func (q *request) inline(ctx context.Context, r *model.Resource, batch arrow.RecordBatch) (encode.Inline, error) {
	if len(r.Expand) == 0 {
		return nil, nil
	}
	parts := make([]encode.Inline, len(r.Expand))
	for i := range r.Expand {
		var err error
		if parts[i], err = q.related(ctx, r, &r.Expand[i], batch); err != nil {
			return nil, err
		}
	}
	return func(dst []byte, row int) ([]byte, error) {
		var err error
		for _, part := range parts {
			if dst, err = part(dst, row); err != nil {
				return nil, err
			}
		}
		return dst, nil
	}, nil
}

// related reads the entities behind one navigation property for all rows of a
// batch.
func (q *request) related(ctx context.Context, r *model.Resource, x *model.Expansion, batch arrow.RecordBatch) (encode.Inline, error) {
	typ := r.Table.Columns[r.Columns[x.From]].Type
	keys := make([]string, batch.NumRows())
	found := map[string][]byte{}
	var values []predicate.Value
	for row := range keys {
		text, null, err := encode.KeyText(typ, batch, x.From, row)
		if err != nil {
			return nil, err
		}
		if _, seen := found[text]; null || seen {
			keys[row] = text
			continue
		}
		keys[row], found[text] = text, nil
		values = append(values, model.TypedValue(typ, text))
	}
	total := 0
	for len(values) > 0 {
		n := min(relatedKeys, len(values))
		if err := q.readRelated(ctx, x, values[:n], found, &total); err != nil {
			return nil, err
		}
		values = values[n:]
	}
	name := append(encode.AppendString([]byte{','}, x.Navigation.Name), ':')
	return func(dst []byte, row int) ([]byte, error) {
		dst = append(dst, name...)
		entities := found[keys[row]]
		switch {
		case x.Navigation.Many:
			return append(append(append(dst, '['), entities...), ']'), nil
		case entities == nil:
			return append(dst, "null"...), nil
		default:
			return append(dst, entities...), nil
		}
	}, nil
}

// readRelated adds the entities of some parents to found, by the value that
// links them, divided by commas.
func (q *request) readRelated(ctx context.Context, x *model.Expansion, values []predicate.Value, found map[string][]byte, total *int) error {
	target := x.Target
	query := x.Related(values)
	if query.Empty {
		return nil
	}
	rows, err := q.h.cfg.Executor.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	w := encode.NewRows(q.entityOf(target), q.encoding())
	typ := target.Table.Columns[target.Columns[x.LinkColumn]].Type
	for {
		batch, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = q.addRelated(ctx, w, x, typ, batch.Record, found, total)
		batch.Record.Release()
		if err != nil {
			return err
		}
	}
}

func (q *request) addRelated(ctx context.Context, w *encode.Rows, x *model.Expansion, typ catalog.Type,
	batch arrow.RecordBatch, found map[string][]byte, total *int,
) error {
	if err := w.Bind(batch); err != nil {
		return err
	}
	inline, err := q.inline(ctx, x.Target, batch)
	if err != nil {
		return err
	}
	for row := range int(batch.NumRows()) {
		key, null, err := encode.KeyText(typ, batch, x.LinkColumn, row)
		if err != nil {
			return err
		}
		if null {
			continue
		}
		dst := found[key]
		if dst != nil {
			if !x.Navigation.Many {
				continue
			}
			dst = append(dst, ',')
		}
		before := len(dst)
		if dst, err = w.Append(dst, row, nil, inline); err != nil {
			return err
		}
		found[key] = dst
		if *total += len(dst) - before; *total > relatedBytes {
			return gwerr.New(gwerr.LimitExceeded, "The expanded entities of one page are too large.",
				"Ask for a smaller page with Prefer: odata.maxpagesize, or read the related entities on their own.").On("$expand")
		}
	}
	return nil
}
