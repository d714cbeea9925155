package odata

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// single answers one entity, or one property of it.
func (q *request) single(ctx context.Context) error {
	link, err := q.follow(ctx)
	if errors.Is(err, errNoTarget) {
		return q.nothing()
	}
	if err != nil {
		return err
	}
	query, err := q.resource.Rows(ctx, q, link, -1)
	if err != nil {
		return err
	}
	if query.Empty {
		return errNoEntity
	}
	rows, err := q.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	var w *encode.Rows
	if q.resource.Kind == model.Entity { // while the source is asked
		w = encode.NewRows(q.entityOf(q.resource), q.encoding())
		defer w.Release()
	}
	batch, err := firstRow(ctx, rows)
	if errors.Is(err, io.EOF) {
		return q.missing(ctx)
	}
	if err != nil {
		return err
	}
	defer batch.Record.Release()
	if err := q.Returned(1); err != nil {
		return err
	}
	q.rows = 1
	if q.resource.Kind == model.Entity {
		tag, err := q.tagOf(batch)
		if err != nil {
			return err
		}
		if done, err := q.fits(tag); done || err != nil {
			return err
		}
	}
	switch q.resource.Kind {
	case model.Entity:
		return q.entity(ctx, w, batch)
	case model.Property:
		return q.property(batch)
	case model.Length:
		return q.length(batch)
	default:
		return q.raw(batch)
	}
}

// missing answers a resource without a row: null where a navigation may lead
// nowhere, if the entity that it begins at is there.
func (q *request) missing(ctx context.Context) error {
	if hops := q.resource.Hops; len(hops) > 0 {
		if n := hops[len(hops)-1].Link; n.Nullable && !n.Dependent {
			if err := q.exists(ctx); err != nil {
				return err
			}
			return q.nothing()
		}
	}
	return errNoEntity
}

// firstRow returns the first batch that has rows, or io.EOF.
func firstRow(ctx context.Context, rows scan.Rows) (scan.Batch, error) {
	for {
		batch, err := rows.Next(ctx)
		if err != nil || batch.Record.NumRows() > 0 {
			return batch, err
		}
		batch.Record.Release()
	}
}

// nothing answers a single value that is null.
func (q *request) nothing() error {
	q.head(http.StatusNoContent, "")
	return nil
}

func (q *request) entity(ctx context.Context, w *encode.Rows, batch scan.Batch) error {
	if err := w.Bind(batch.Record); err != nil {
		return err
	}
	inline, err := q.inline(ctx, q.resource, batch.Record)
	if err != nil {
		return err
	}
	buffer := buffers.Get().(*[]byte)
	lead := encode.AppendLead((*buffer)[:0], q.encoding(), q.context())
	all, err := w.Append(lead, 0, lead, inline)
	if err != nil {
		return err
	}
	defer keepBuffer(buffer, all)
	status := http.StatusOK
	if q.made {
		status = http.StatusCreated
	}
	return q.whole(status, q.format.contentType(q.version), all[len(lead):])
}

func (q *request) property(batch scan.Batch) error {
	typ, count, value := catalog.StringList, int64(-1), batch.Record.Column(int(batch.Record.NumCols())-1)
	if !q.resource.Narrowed() {
		typ, value = q.resource.Table.Columns[q.resource.Columns[0]].Type, batch.Record.Column(0)
	}
	if value.IsNull(0) && typ != catalog.StringList {
		return q.nothing()
	}
	if q.resource.CountWanted {
		text, _, err := encode.KeyText(catalog.Int64, batch.Record, 0, 0)
		if err != nil {
			return err
		}
		count, _ = strconv.ParseInt(text, 10, 64) // a whole number's text
	}
	body, err := encode.AppendProperty(nil, q.encoding(), q.context(), count, typ, value)
	if err != nil {
		return err
	}
	return q.whole(http.StatusOK, q.format.contentType(q.version), body)
}

// length answers …/List/$count.
func (q *request) length(batch scan.Batch) error {
	items, ok := batch.Record.Column(0).(array.ListLike)
	if !ok {
		return gwerr.New(gwerr.Internal, "The property is not a list.", "")
	}
	var n int64
	if !items.IsNull(0) {
		start, end := items.ValueOffsets(0)
		n = end - start
	}
	return q.whole(http.StatusOK, q.format.contentType(q.version), strconv.AppendInt(nil, n, 10))
}

func (q *request) raw(batch scan.Batch) error {
	body, null, err := encode.AppendRaw(nil, q.resource.Table.Columns[q.resource.Columns[0]].Type, batch.Record)
	if err != nil {
		return err
	}
	if null {
		return q.nothing()
	}
	return q.whole(http.StatusOK, q.format.contentType(q.version), body)
}

// count answers …/$count.
func (q *request) count(ctx context.Context) error {
	link, err := q.follow(ctx)
	if err != nil && !errors.Is(err, errNoTarget) {
		return err
	}
	var n int64
	if err == nil {
		if n, err = q.counting(link)(ctx); err != nil {
			return err
		}
	}
	if n == 0 {
		if err := q.exists(ctx); err != nil {
			return err
		}
	}
	return q.whole(http.StatusOK, q.format.contentType(q.version), strconv.AppendInt(nil, n, 10))
}

// entityOf describes the rows of a resource to the encoder.
func (q *request) entityOf(r *model.Resource) encode.Entity {
	e := encode.Entity{Set: q.root + r.Table.Name, Type: q.h.model.TypeName(r.Table), Columns: make([]encode.Column, len(r.Columns), len(r.Columns)+1)}
	for i, c := range r.Columns {
		col := &r.Table.Columns[c]
		e.Columns[i] = encode.Column{Name: col.Name, Type: col.Type, Hidden: i >= r.Visible}
	}
	if c := r.LinkColumn(); c != nil {
		e.Columns = append(e.Columns, encode.Column{Name: c.Name, Type: c.Type, Hidden: true})
	}
	first := len(e.Columns)
	for _, o := range r.Outputs() {
		c := encode.Column{Name: o.Name, Type: o.Type, Edm: o.Edm, Dynamic: o.Dynamic, Hidden: o.Hidden}
		if o.CountOf {
			c.Name += q.version.prefix() + "count"
		}
		if o.Absent >= 0 {
			c.Absent = first + o.Absent + 1
		}
		e.Columns = append(e.Columns, c)
	}
	for _, k := range r.Table.Key() {
		i := slices.Index(r.Columns, k)
		if i < 0 { // no ids were wanted
			e.Key = nil
			break
		}
		e.Key, e.KeyNames = append(e.Key, i), append(e.KeyNames, r.Table.Columns[k].Name)
	}
	e.Tag, e.Tagged = q.tagIn(r)
	e.Transient = r.Transient()
	if q.format.metadata == encode.Full {
		e.ReadOnly = !q.h.model.Updatable(r.Table)
		e.Navigations = unexpanded(q.schema, r)
		for _, a := range edm.Actions(q.schema, q.Procedures(q.schema, true)) {
			if a.Bound != nil && a.Bound.Name == r.Table.Name {
				e.Actions = append(e.Actions, q.h.cfg.Namespace+"."+a.Name)
			}
		}
	}
	return e
}
