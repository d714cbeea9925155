package exec

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// withKeys is the query as it is before late columns are read.
func withKeys(q *query.Query) *query.Query {
	keyed := *q
	keyed.Columns, keyed.Late = slices.Clone(q.Columns), nil
	for _, l := range q.Late {
		keyed.Columns[l.At].Type, keyed.Columns[l.At].SQLType = l.KeyType, l.KeyType.SQL()
	}
	return &keyed
}

// lateRows puts values in the place of keys, batch by batch: only for rows of
// the result are they read.
type lateRows struct {
	scan.Rows
	executor *Executor
	parts    []latePart
	schema   *arrow.Schema
	calls    int64
}

// latePart are the late columns that one reading fills.
type latePart struct {
	table   *catalog.Table
	key     string
	late    []query.Late
	columns []int // of table: the key, the values of late, and what orders rows
}

func (x *Executor) late(q *query.Query, rows scan.Rows) scan.Rows {
	out := &lateRows{Rows: rows, executor: x}
	fields := slices.Clone(rows.Schema().Fields())
	for _, l := range q.Late {
		fields[l.At].Type = q.Columns[l.At].Type.Arrow()
		i := slices.IndexFunc(out.parts, func(p latePart) bool { return p.table == l.Table && p.key == l.Key })
		if i < 0 {
			i = len(out.parts)
			out.parts = append(out.parts, latePart{table: l.Table, key: l.Key, columns: []int{l.Table.Index(l.Key)}})
		}
		p := &out.parts[i]
		p.late = append(p.late, l)
		p.columns = append(p.columns, l.Table.Index(l.Column))
	}
	for i := range out.parts {
		p := &out.parts[i]
		p.columns = append(p.columns, p.table.Key()...) // that of rows of several environments names theirs
		slices.Sort(p.columns)
		p.columns = slices.Compact(p.columns)
	}
	out.schema = arrow.NewSchema(fields, nil)
	return out
}

// Schema implements scan.Rows.
func (r *lateRows) Schema() *arrow.Schema { return r.schema }

// Next implements scan.Batches.
func (r *lateRows) Next(ctx context.Context) (scan.Batch, error) {
	b, err := r.Rows.Next(ctx)
	if err != nil {
		return b, err
	}
	defer b.Record.Release()
	columns := slices.Clone(b.Record.Columns())
	var made []arrow.Array
	defer func() { releaseAll(made) }()
	for i := range r.parts {
		p := &r.parts[i]
		found, err := r.read(ctx, p, b.Record)
		if err != nil {
			return scan.Batch{}, err
		}
		for _, l := range p.late {
			values, err := found.column(l, b.Record.Column(l.At), r.schema.Field(l.At).Type)
			if err != nil {
				found.release()
				return scan.Batch{}, err
			}
			made = append(made, values)
			columns[l.At] = values
		}
		found.release()
	}
	return scan.Batch{Record: array.NewRecordBatch(r.schema, columns, b.Record.NumRows()), Cursor: b.Cursor}, nil
}

// read gets the rows of all keys of a batch.
func (r *lateRows) read(ctx context.Context, p *latePart, rec arrow.RecordBatch) (*foundRows, error) {
	var keys []string
	seen := map[string]bool{}
	for _, l := range p.late {
		column, ok := rec.Column(l.At).(*array.String)
		if !ok {
			return nil, gwerr.New(gwerr.Internal, "A key is not a text.", "")
		}
		for i := range column.Len() {
			if k := column.Value(i); column.IsValid(i) && !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	}
	out := &foundRows{part: p, places: map[string][]rowPlace{}}
	if len(keys) == 0 {
		return out, nil
	}
	plan, err := r.executor.planner.Read(ctx, query.Access{
		Alias: p.table.Name, Table: p.table, Columns: p.columns, Where: p.of(keys), WhereComplete: true,
	}, nil)
	if err != nil {
		return nil, err
	}
	// The bound is the query's, not the batch's.
	plan.Estimate.Calls += r.calls
	r.calls = plan.Estimate.Calls
	rows, err := r.executor.open(ctx, plan, "")
	if err != nil {
		return nil, err
	}
	if err := scan.Each(ctx, rows, out.add); err != nil {
		out.release()
		return nil, err
	}
	out.order()
	return out, nil
}

// of is the condition of rows that have one of the keys. Where rows are of several
// environments, the id of theirs stands before each key.
func (p *latePart) of(keys []string) predicate.Expr {
	kind := p.table.Column(p.key).Type.Kind()
	byEnvironment := map[string][]predicate.Value{}
	for _, k := range keys {
		environment, key := "", k
		if p.table.Members != nil {
			environment, key, _ = strings.Cut(k, " ")
		}
		byEnvironment[environment] = append(byEnvironment[environment], predicate.Value{Kind: kind, Str: key})
	}
	var parts []predicate.Expr
	for _, environment := range slices.Sorted(maps.Keys(byEnvironment)) {
		where := predicate.Expr(predicate.In{Column: p.key, Values: byEnvironment[environment]})
		if p.table.Members != nil {
			where = predicate.AllOf(predicate.Cmp{Column: catalog.EnvironmentID, Op: predicate.Eq, Value: predicate.UUIDValue(environment)}, where)
		}
		parts = append(parts, where)
	}
	return predicate.AnyOf(parts...)
}

// foundRows are rows by the text of their key.
type foundRows struct {
	part    *latePart
	batches []arrow.RecordBatch
	places  map[string][]rowPlace
}

type rowPlace struct {
	rec arrow.RecordBatch
	row int
}

func (f *foundRows) at(column string) int {
	return slices.Index(f.part.columns, f.part.table.Index(column))
}

func (f *foundRows) add(rec arrow.RecordBatch) error {
	rec.Retain()
	f.batches = append(f.batches, rec)
	keys, err := f.texts(rec.Column(f.at(f.part.key)), f.part.key)
	if err != nil {
		return err
	}
	environments := keys
	if f.part.table.Members != nil {
		if environments, err = f.texts(rec.Column(f.at(catalog.EnvironmentID)), catalog.EnvironmentID); err != nil {
			return err
		}
	}
	for i := range keys.Len() {
		key := keys.Value(i)
		if f.part.table.Members != nil {
			key = environments.Value(i) + " " + key
		}
		f.places[key] = append(f.places[key], rowPlace{rec, i})
	}
	return nil
}

// texts gives a column as what rows are found by.
func (f *foundRows) texts(a arrow.Array, column string) (*array.String, error) {
	if texts, ok := a.(*array.String); ok {
		return texts, nil
	}
	return nil, gwerr.Newf(gwerr.Internal, "Rows of %s can't be found by %s: it holds %s, not text.", f.part.table.Name, column, a.DataType()).
		WithHint("Correct the declaration of the table that refers to it.")
}

// order makes the order of lists that of the table's key, whatever order the
// rows came in.
func (f *foundRows) order() {
	var by []int
	for _, c := range f.part.table.Key() {
		by = append(by, slices.Index(f.part.columns, c))
	}
	for _, places := range f.places {
		slices.SortFunc(places, func(a, b rowPlace) int {
			for _, c := range by {
				if n := cmp.Compare(a.rec.Column(c).ValueStr(a.row), b.rec.Column(c).ValueStr(b.row)); n != 0 {
					return n
				}
			}
			return 0
		})
	}
}

// column gives the values for keys, which stand in the column of the values.
func (f *foundRows) column(l query.Late, from arrow.Array, typ arrow.DataType) (arrow.Array, error) {
	keys, err := f.texts(from, l.Column)
	if err != nil {
		return nil, err
	}
	at := f.at(l.Column)
	if l.List {
		return f.lists(at, l.Column, keys)
	}
	missing := array.MakeArrayOfNull(memory.DefaultAllocator, typ, 1)
	pieces := make([]arrow.Array, keys.Len())
	for i := range pieces {
		places := f.places[keys.Value(i)]
		if keys.IsNull(i) || len(places) == 0 {
			missing.Retain()
			pieces[i] = missing
			continue
		}
		p := places[0]
		pieces[i] = array.NewSlice(p.rec.Column(at), int64(p.row), int64(p.row+1))
	}
	missing.Release()
	defer releaseAll(pieces)
	if len(pieces) == 0 {
		return array.MakeArrayOfNull(memory.DefaultAllocator, typ, 0), nil
	}
	values, err := array.Concatenate(pieces, memory.DefaultAllocator)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Internal, err, "The gateway could not join rows.", "")
	}
	return values, nil
}

// lists gives a list for each key; one without rows is empty.
func (f *foundRows) lists(at int, column string, keys *array.String) (arrow.Array, error) {
	b := array.NewListBuilder(memory.DefaultAllocator, arrow.BinaryTypes.String)
	defer b.Release()
	values, ok := b.ValueBuilder().(*array.StringBuilder)
	if !ok {
		return nil, gwerr.New(gwerr.Internal, "A list of texts holds no texts.", "")
	}
	for i := range keys.Len() {
		if keys.IsNull(i) {
			b.AppendNull()
			continue
		}
		b.Append(true)
		for _, p := range f.places[keys.Value(i)] {
			texts, err := f.texts(p.rec.Column(at), column)
			if err != nil {
				return nil, err
			}
			if texts.IsValid(p.row) {
				values.Append(texts.Value(p.row))
			} else {
				values.AppendNull()
			}
		}
	}
	return b.NewArray(), nil
}

func (f *foundRows) release() {
	for _, b := range f.batches {
		b.Release()
	}
	f.batches = nil
}
