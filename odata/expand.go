package odata

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const (
	// relatedKeys is the number of parents whose related entities one query
	// reads.
	relatedKeys = 200
	// gatheredKeys is that number where each parent leads to one entity.
	gatheredKeys = 1000
	// relatedBytes bounds the related entities held for one batch.
	relatedBytes = 64 << 20
	// keptBytes bounds those that a request keeps for its further batches.
	keptBytes = 16 << 20
)

// unexpanded are the navigation properties that $expand leaves alone.
func unexpanded(s *catalog.Schema, r *model.Resource) []string {
	var out []string
	for _, n := range edm.Navigations(s, r.Table) {
		if !slices.ContainsFunc(r.Expand, func(x model.Expansion) bool { return x.Navigation.Name == n.Name }) &&
			!slices.ContainsFunc(r.Joined, func(j model.Joined) bool { return j.Name == n.Name }) {
			out = append(out, n.Name)
		}
	}
	return out
}

// inline reads what $expand asks for the rows of a batch, and returns the
// function that writes it into each, with the collections that the rows hold; nil
// without either.
func (q *request) inline(ctx context.Context, r *model.Resource, batch arrow.RecordBatch) (encode.Inline, error) {
	if len(r.Expand)+len(r.Joined)+len(r.Nested) == 0 {
		return nil, nil
	}
	var parts []encode.Inline
	for i := range r.Expand {
		part, err := q.related(ctx, r, &r.Expand[i], batch)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	for i := range r.Joined {
		part, err := q.joined(ctx, r, &r.Joined[i], batch)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	for i := range r.Nested {
		part, err := q.nested(ctx, r, &r.Nested[i], batch)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return func(dst []byte, row int, of *encode.Rows) ([]byte, error) {
		var err error
		for _, part := range parts {
			if dst, err = part(dst, row, of); err != nil {
				return nil, err
			}
		}
		return dst, nil
	}, nil
}

// joined writes an entity that was read together with its row, or the link to it.
func (q *request) joined(ctx context.Context, r *model.Resource, j *model.Joined, batch arrow.RecordBatch) (encode.Inline, error) {
	first := int(batch.NumCols()) - len(r.Outputs()) + j.At
	last := first + len(j.Target.Columns)
	own := array.NewRecordBatch(arrow.NewSchema(batch.Schema().Fields()[first:last], nil), batch.Columns()[first:last], batch.NumRows())
	defer own.Release() // the batch it is a part of lives on
	o := q.encoding()
	w := encode.NewRows(q.entityOf(j.Target), o)
	if err := w.Bind(own); err != nil {
		return nil, err
	}
	inline, err := q.inline(ctx, j.Target, own)
	switch {
	case err != nil:
		return nil, err
	case !j.Expanded && o.Metadata == encode.None:
		return func(dst []byte, _ int, _ *encode.Rows) ([]byte, error) { return dst, nil }, nil
	case !j.Expanded:
		return func(dst []byte, row int, _ *encode.Rows) ([]byte, error) {
			return w.AppendLink(append(dst, ','), row, j.Name), nil
		}, nil
	}
	key := own.Column(j.Key)
	return func(dst []byte, row int, of *encode.Rows) ([]byte, error) {
		dst = of.AppendNavigation(dst, row, j.Name)
		dst = append(cell.AppendString(append(dst, ','), j.Name), ':')
		if key.IsNull(row) {
			return append(dst, "null"...), nil
		}
		return w.Append(dst, row, nil, inline)
	}, nil
}

// group is what is related to one parent: the entities to be written, divided
// by commas, and their number before $top and $skip.
type group struct {
	entities []byte
	count    int64
}

// related reads the entities behind one navigation property for all rows of a
// batch.
func (q *request) related(ctx context.Context, r *model.Resource, x *model.Expansion, batch arrow.RecordBatch) (encode.Inline, error) {
	keys := make([]string, batch.NumRows())
	found := q.remembered(x)
	var parents [][]predicate.Value
	for row := range keys {
		text, values, err := linkOf(r, batch, x.From, row)
		if err != nil {
			return nil, err
		}
		keys[row] = text
		if values == nil || found[text] != nil {
			continue
		}
		found[text] = &group{}
		parents = append(parents, values)
	}
	before := q.kept
	e := &expander{request: q, x: x, found: found}
	most := relatedKeys
	if x.Navigation.Dependent {
		most = gatheredKeys
	}
	if err := e.readAll(ctx, parents, most); err != nil {
		return nil, err
	}
	if q.kept = before + e.total; q.kept > keptBytes {
		delete(q.expanded, x)
		q.kept = before
	}
	return func(dst []byte, row int, of *encode.Rows) ([]byte, error) {
		g := found[keys[row]]
		if g == nil {
			g = &group{} // the key is null
		}
		return e.append(of.AppendNavigation(dst, row, x.Navigation.Name), g), nil
	}, nil
}

// remembered are the groups that an expansion begins with. Where many rows lead to
// the same entity, those that the request has read already need no reading.
func (q *request) remembered(x *model.Expansion) map[string]*group {
	if !x.Navigation.Dependent {
		return map[string]*group{}
	}
	if q.expanded[x] == nil {
		if q.expanded == nil {
			q.expanded = map[*model.Expansion]map[string]*group{}
		}
		q.expanded[x] = map[string]*group{}
	}
	return q.expanded[x]
}

// linkOf gives the values at some positions of a row, also as one text; nil where
// one is null.
func linkOf(r *model.Resource, batch arrow.RecordBatch, at []int, row int) (string, []predicate.Value, error) {
	var all string
	values := make([]predicate.Value, len(at))
	for i, position := range at {
		typ := r.Type(position)
		text, null, err := encode.KeyText(typ, batch, position, row)
		if err != nil || null {
			return "", nil, err
		}
		all += text + "\x00"
		values[i] = model.TypedValue(typ, text)
	}
	return all, values, nil
}

// expander reads one navigation property of $expand for a batch of parents.
type expander struct {
	*request
	x *model.Expansion
	// found holds the groups by the value that links them to their parent.
	found map[string]*group
	total int // bytes
}

// append writes the navigation property of one parent.
func (e *expander) append(dst []byte, g *group) []byte {
	name := e.x.Navigation.Name
	if e.x.CountWanted {
		dst = encode.AppendCount(append(dst, ','), e.encoding(), name, g.count)
	}
	if e.x.CountOnly {
		return dst
	}
	dst = append(cell.AppendString(append(dst, ','), name), ':')
	switch {
	case e.x.Navigation.Many:
		return append(append(append(dst, '['), g.entities...), ']')
	case g.entities == nil:
		return append(dst, "null"...)
	default:
		return append(dst, g.entities...)
	}
}

// readAll adds what is related to the parents, so many at a time; fewer where a query
// may not make the calls for so many.
func (e *expander) readAll(ctx context.Context, parents [][]predicate.Value, most int) error {
	for some := range slices.Chunk(parents, most) {
		err := e.read(ctx, some)
		if most > relatedKeys && gwerr.Is(err, gwerr.FanoutExceeded) {
			err = e.readAll(ctx, some, relatedKeys)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read adds what is related to some of the parents.
func (e *expander) read(ctx context.Context, parents [][]predicate.Value) error {
	query, err := e.x.Target.Rows(ctx, e, e.x.Link(parents), -1)
	if err != nil || query.Empty {
		return err
	}
	rows, err := e.Query(ctx, query)
	if err != nil {
		return err
	}
	options := e.encoding()
	if e.x.Ref { // which is an id, whatever else is left out
		options.Metadata = encode.Minimal
	}
	w := encode.NewRows(e.entityOf(e.x.Target), options)
	return scan.Each(ctx, rows, func(rec arrow.RecordBatch) error { return e.add(ctx, w, rec) })
}

func (e *expander) add(ctx context.Context, w *encode.Rows, batch arrow.RecordBatch) error {
	if err := w.Bind(batch); err != nil {
		return err
	}
	inline, err := e.inline(ctx, e.x.Target, batch)
	if err != nil {
		return err
	}
	var written int64
	for row := range int(batch.NumRows()) {
		key, _, err := linkOf(e.x.Target, batch, e.x.To, row)
		if err != nil {
			return err
		}
		g := e.found[key]
		if g == nil {
			continue
		}
		g.count++
		if !e.wanted(g) {
			continue
		}
		written++
		before := len(g.entities)
		if before > 0 {
			g.entities = append(g.entities, ',')
		}
		if g.entities, err = w.Append(g.entities, row, nil, inline); err != nil {
			return err
		}
		if e.total += len(g.entities) - before; e.total > relatedBytes {
			return gwerr.New(gwerr.LimitExceeded, "The expanded entities of one page are too large.",
				"Ask for a smaller page with Prefer: odata.maxpagesize, or read the related entities on their own.").On("$expand")
		}
	}
	if e.x.Navigation.Many { // a single one is a part of its row
		return e.Returned(written)
	}
	return nil
}

// wanted tells whether the entity that was counted last is written: a
// single-valued property has one, a collection those between $skip and $top.
func (e *expander) wanted(g *group) bool {
	switch x := e.x; {
	case x.CountOnly:
		return false
	case !x.Navigation.Many:
		return g.count == 1
	default:
		return g.count > x.Skip && (x.Top == nil || g.count-x.Skip <= *x.Top)
	}
}
