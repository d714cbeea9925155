package pingone

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// emptyChunk is the number of parents that one call proves to have no rows.
const emptyChunk = 50

// parentRow is what a run needs to know of its parent.
type parentRow struct {
	keys  []string // of the child's path
	more  map[string]string
	empty bool // it should have no rows
}

// children reads the parent table and, for each of its rows, the path's run.
func (j *job) children(ctx context.Context, out sink) error {
	child := j.child()
	defer child.progress.end(ctx)
	f := child.fan(ctx, out)
	rows, err := j.Connection.Scan(f.ctx, j.parentRequest())
	if err == nil {
		defer rows.Close()
		err = j.feed(f.ctx, rows, func(parents []parentRow) { child.family(f, parents) })
	}
	if err != nil {
		f.stop()
	}
	if failed := f.wait(); failed != nil && (err == nil || gwerr.Is(gwerr.From(err), gwerr.Canceled)) {
		return failed
	}
	return err
}

// child is the job of one parent's runs.
func (j *job) child() *job {
	r := j.req
	r.Path = j.table.Path(j.path.Parent.Path)
	r.Keys, r.Parent, r.ParentValues, r.Partition = nil, nil, nil, false
	c := j.newJob(r)
	c.quota, c.lookups = j.quota, c.noLookups()
	c.progress = &progress{sink: j.cfg.Sink, table: j.table.Name, parent: j.path.Parent.Table}
	return c
}

// parentRequest completes the request for the parent's rows with the columns
// that are needed of them.
func (j *job) parentRequest() scan.Request {
	table, _ := j.table.Schema.Table(j.path.Parent.Table)
	r := scan.Request{Table: table}
	if j.req.Parent != nil {
		r = *j.req.Parent
	}
	if r.Path == nil {
		r.Path = listPath(table)
	}
	r.Columns, r.Bulk, r.Ordered = nil, j.req.Bulk, j.req.Ordered
	for _, name := range j.parentColumns() {
		r.Columns = append(r.Columns, r.Table.Index(name))
	}
	return r
}

// listPath is the path that lists a whole table; nil if it has none.
func listPath(t *catalog.Table) *catalog.Path {
	for i := range t.Paths {
		if p := &t.Paths[i]; p.List != "" && len(p.Keys) == 0 {
			return p
		}
	}
	return nil
}

// parentColumns names the parent's columns in the order of parentRequest: the
// keys first, then those that tell emptiness, then lookups.
func (j *job) parentColumns() []string {
	p := j.path.Parent
	out := append(slices.DeleteFunc(slices.Clone(p.Columns), ownKey), p.EmptyWhen...)
	for _, name := range j.parentLookups() {
		out = append(out, j.table.Path(p.Path).Lookup[name].Column)
	}
	return out
}

// ownKey tells a key whose values are not the parent's.
func ownKey(column string) bool { return column == "" }

// parentLookups names the columns whose lookup the parent's own row answers.
func (j *job) parentLookups() []string {
	var out []string
	p := j.path.Parent
	child := j.table.Path(p.Path)
	for _, c := range j.req.Columns {
		name := j.table.Columns[c].Name
		look, ok := child.Lookup[name]
		if at := slices.Index(child.Keys, look.Key); ok && at >= 0 && look.Table == p.Table && look.By == p.Columns[at] {
			out = append(out, name)
		}
	}
	return out
}

// feed hands the parents on, batch by batch, until no more rows are needed.
func (j *job) feed(ctx context.Context, rows scan.Batches, handle func([]parentRow)) error {
	for !j.quota.exhausted() {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		parents, err := j.parents(b.Record)
		b.Record.Release()
		if err != nil {
			return err
		}
		handle(parents)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// parents gives what the runs need of the rows that are wanted.
func (j *job) parents(rec arrow.RecordBatch) ([]parentRow, error) {
	p := j.path.Parent
	table, _ := j.table.Schema.Table(p.Table)
	keys := make([]*array.String, len(p.Columns))
	at := 0
	for c, name := range p.Columns {
		if ownKey(name) {
			continue
		}
		var err error
		if keys[c], err = columnOf[*array.String](rec, at, table, name); err != nil {
			return nil, err
		}
		at++
	}
	looks := j.parentLookups()
	out := make([]parentRow, 0, rec.NumRows())
	for i := range int(rec.NumRows()) {
		row := parentRow{more: map[string]string{}, empty: len(p.EmptyWhen) > 0}
		for c := range p.EmptyWhen {
			row.empty = row.empty && zero(rec.Column(at+c), i)
		}
		for c, name := range looks {
			if text := rec.Column(at + len(p.EmptyWhen) + c); text.IsValid(i) {
				row.more[name] = strings.Clone(text.ValueStr(i))
			}
		}
		for _, tuple := range j.tuples(keys, i) {
			row.keys = tuple
			out = append(out, row)
		}
	}
	return out, nil
}

// tuples gives the keys of a parent's runs; none if they are not wanted.
func (j *job) tuples(keys []*array.String, row int) [][]string {
	tuples := [][]string{nil}
	for c, column := range keys {
		var values []string
		switch {
		case column == nil:
			values = j.req.ParentValues[c]
		case column.IsValid(row) && j.wants(c, column.Value(row)):
			values = []string{strings.Clone(column.Value(row))}
		}
		var longer [][]string
		for _, t := range tuples {
			for _, v := range values {
				longer = append(longer, append(slices.Clone(t), v))
			}
		}
		tuples = longer
	}
	return tuples
}

// columnOf gives a batch's column in the type that a declaration relies on.
func columnOf[A arrow.Array](rec arrow.RecordBatch, at int, t *catalog.Table, name string) (A, error) {
	a, ok := rec.Column(at).(A)
	if !ok {
		return a, gwerr.Newf(gwerr.Internal, "Column %s of %s holds %s, which can't be used here.", name, t.Name, rec.Column(at).DataType()).
			WithMend("Correct the declaration of the table that refers to it.")
	}
	return a, nil
}

// wants reports whether the runs of a parent with that key are wanted.
func (j *job) wants(c int, key string) bool {
	if c >= len(j.req.ParentValues) || j.req.ParentValues[c] == nil {
		return true
	}
	return slices.ContainsFunc(j.req.ParentValues[c], func(v string) bool { return strings.EqualFold(v, key) })
}

// zero reports whether a value is null, 0 or "".
func zero(a arrow.Array, i int) bool {
	if a.IsNull(i) {
		return true
	}
	text := a.ValueStr(i)
	return text == "" || text == "0"
}

// family adds the runs of some parents. Those that should have no rows are asked
// about together: how fresh their counts are is not documented.
func (j *job) family(f *fan, parents []parentRow) {
	j.progress.foundMore(f.ctx, len(parents))
	var doubtful []parentRow
	for _, p := range parents {
		if p.empty && j.path.Or && j.path.Filter != "" {
			doubtful = append(doubtful, p)
			continue
		}
		f.add(func(ctx context.Context, out sink) error { return j.member(ctx, out, p) })
	}
	for chunk := range slices.Chunk(doubtful, emptyChunk) {
		f.add(func(ctx context.Context, out sink) error { return j.prove(ctx, out, chunk) })
	}
}

// prove asks in one call whether any of the parents has rows, and if so reads
// them one by one.
func (j *job) prove(ctx context.Context, out sink, parents []parentRow) error {
	filters := make([]string, len(parents))
	for i, p := range parents {
		filters[i] = scim.Fill(j.path.Filter, j.values(p.keys))
	}
	chain := chains(filters, len(filters), func(f string) string { return f })
	r := reading{job: j, walk: walk{address: j.place(j.path.List, nil), filter: first(chain), page: 1}}
	found := false
	_, err := r.read(ctx, func(_ context.Context, p page, _ [][2]int, _ string) error {
		if found = p.rows > 0; found {
			return errEnough
		}
		return nil
	})
	if !found && !refusedFilter(err) {
		if err == nil {
			j.progress.readMore(ctx, len(parents))
		}
		return err
	}
	for _, p := range parents {
		if err := j.member(ctx, out, p); err != nil {
			return err
		}
	}
	return nil
}

// member reads the rows of one parent.
func (j *job) member(ctx context.Context, out sink, p parentRow) error {
	err := j.run(ctx, out, p.keys, p.more)
	if err == nil {
		j.progress.readMore(ctx, 1)
	}
	return err
}
