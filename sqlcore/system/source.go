package system

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Over returns a source that also has the rows of system tables.
func Over(s scan.Source) scan.Source { return source{s} }

type source struct{ scan.Source }

func isSystem(t *catalog.Table) bool { return t.Schema != nil && t.Schema.System }

// Scan implements scan.Source.
func (s source) Scan(ctx context.Context, r scan.Request) (scan.Batches, error) {
	if !isSystem(r.Table) {
		return s.Source.Scan(ctx, r)
	}
	c := from(ctx)
	if c == nil || c.table(r.Table) == nil {
		return nil, gwerr.Newf(gwerr.Internal, "The table %s has no rows here.", r.Table.Name)
	}
	return newRows(c, c.table(r.Table), r), nil
}

// Count implements scan.Source.
func (s source) Count(ctx context.Context, r scan.Request) (int64, bool, error) {
	if isSystem(r.Table) {
		return 0, false, nil
	}
	return s.Source.Count(ctx, r)
}

// Describe implements scan.Source.
func (s source) Describe(r scan.Request) []scan.Call {
	if isSystem(r.Table) {
		return []scan.Call{}
	}
	return s.Source.Describe(r)
}

// batchRows is the number of rows of a batch.
const batchRows = 2048

// rows are the rows of a system table, made for one schema after the other.
type rows struct {
	catalog *Catalog
	table   *Table
	request scan.Request
	// names are the schemas still to come, once begun.
	names   []catalog.SchemaName
	begun   bool
	pending []Row
	left    int64 // of the request's limit, if it has one
	// key is what the request asks for by values, nil for everything; at is its
	// column's place.
	key    *Key
	at     int
	values map[string]bool
}

func newRows(c *Catalog, t *Table, r scan.Request) *rows {
	out := &rows{catalog: c, table: t, request: r, left: r.Limit}
	for i := range t.Keys {
		if k := &t.Keys[i]; len(r.Path.Keys) == 1 && r.Path.Keys[0] == k.Column {
			out.key, out.at, out.values = k, r.Table.Index(k.Column), make(map[string]bool, len(r.Keys))
		}
	}
	if out.key != nil {
		for _, tuple := range r.Keys {
			out.values[tuple[0]] = true
		}
	}
	return out
}

// Next implements scan.Batches.
func (r *rows) Next(ctx context.Context) (scan.Batch, error) {
	for len(r.pending) == 0 {
		if err := r.more(ctx); err != nil {
			return scan.Batch{}, err
		}
	}
	n := min(len(r.pending), batchRows)
	if r.request.Limit > 0 {
		if n = int(min(int64(n), r.left)); n == 0 {
			return scan.Batch{}, io.EOF
		}
		r.left -= int64(n)
	}
	rec, err := r.record(r.pending[:n])
	r.pending = r.pending[n:]
	return scan.Batch{Record: rec}, err
}

// Close implements scan.Batches.
func (r *rows) Close() {}

// more makes the rows of the next schema, or those of the whole.
func (r *rows) more(ctx context.Context) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case !r.begun && r.table.Each == nil:
		r.begun = true
		r.pending, err = r.table.All(ctx, r.catalog)
		return err
	case !r.begun:
		r.begun = true
		r.names, err = r.wanted(ctx)
		return err
	case len(r.names) == 0:
		return io.EOF
	}
	n := r.names[0]
	r.names = r.names[1:]
	name := cmp.Or(n.ID, n.Name)
	s, err := r.catalog.Schema(ctx, name)
	switch {
	case gwerr.Is(err, gwerr.UnknownSchema): // it went after it was listed
		return nil
	case err != nil:
		return gwerr.In("The schema "+n.Name, err)
	}
	if !r.concerns(s) {
		return nil
	}
	for _, note := range s.Notes {
		r.catalog.Note(n.Name + ": " + note)
	}
	r.pending, err = r.table.Each(ctx, r.catalog, r.catalog.listing(s))
	if r.key != nil {
		r.pending = slices.DeleteFunc(r.pending, func(row Row) bool { return !r.values[fmt.Sprint(row[r.at])] })
	}
	return err
}

// concerns tells whether the schema may have rows that are asked for.
func (r *rows) concerns(s *catalog.Schema) bool {
	if r.key == nil || r.key.Holds == nil {
		return true
	}
	for value := range r.values {
		if r.key.Holds(s, value) {
			return true
		}
	}
	return false
}

// wanted are the schemas that the request may be about, as their names tell.
func (r *rows) wanted(ctx context.Context) ([]catalog.SchemaName, error) {
	names, err := r.catalog.Names(ctx)
	if err != nil || r.key == nil || r.key.Named == nil {
		return names, err
	}
	return slices.DeleteFunc(names, func(n catalog.SchemaName) bool { return !r.values[r.key.Named(n)] }), nil
}

// record gives rows the form of the request.
func (r *rows) record(list []Row) (arrow.RecordBatch, error) {
	values := make([][]any, len(list))
	for i, row := range list {
		if len(row) != len(r.table.Columns) {
			return nil, gwerr.Newf(gwerr.Internal, "The table %s gave %d of %d columns.", r.table.Name, len(row), len(r.table.Columns))
		}
		for _, c := range r.request.Columns {
			values[i] = append(values[i], row[c])
		}
	}
	rec, err := cell.Record(r.request.Table.ArrowSchema(r.request.Columns), values)
	if err != nil {
		return nil, gwerr.Newf(gwerr.Internal, "The table %s gave %s.", r.table.Name, err)
	}
	return rec, nil
}
