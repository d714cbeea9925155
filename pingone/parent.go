package pingone

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
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
	// without lists the variants of which it should have no rows.
	without []string
}

// children reads the parent table and, for each of its rows, the path's run.
func (j *job) children(ctx context.Context, out sink) error {
	child := j.child()
	defer child.progress.end(ctx)
	f := child.fan(ctx, out)
	rows, err := j.Directory.Scan(f.ctx, j.parentRequest())
	if err == nil {
		defer rows.Close()
		err = j.feed(f.ctx, rows, func(parents []parentRow) error { return child.family(f, parents) })
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
		r.Path = table.Listing()
	}
	r.Columns, r.Bulk, r.Ordered = nil, j.req.Bulk, j.req.Ordered
	for _, name := range j.parentColumns() {
		r.Columns = append(r.Columns, r.Table.Index(name))
	}
	return r
}

// parentColumns names the parent's columns in the order of parentRequest: the
// keys first, then those that tell emptiness, then lookups.
func (j *job) parentColumns() []string {
	p := j.path.Parent
	out := append(slices.DeleteFunc(slices.Clone(p.Columns), ownKey), p.Doubts(j.table.Path(p.Path))...)
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
func (j *job) feed(ctx context.Context, rows scan.Batches, handle func([]parentRow) error) error {
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
		if err := handle(parents); err != nil {
			return err
		}
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
	child := j.req
	child.Path = j.table.Path(p.Path)
	looks, doubts, values := j.parentLookups(), p.Doubts(child.Path), child.VariantsRead()
	out := make([]parentRow, 0, rec.NumRows())
	for i := range int(rec.NumRows()) {
		nothing := func(columns []string) bool {
			return len(columns) > 0 && !slices.ContainsFunc(columns, func(name string) bool { return !zero(rec.Column(at+slices.Index(doubts, name)), i) })
		}
		row := parentRow{more: map[string]string{}, empty: nothing(p.EmptyWhen)}
		for _, value := range values {
			if nothing(child.Path.Variant.EmptyWhen[value]) {
				row.without = append(row.without, value)
			}
		}
		for c, name := range looks {
			if text := rec.Column(at + len(doubts) + c); text.IsValid(i) {
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
			WithHint("Correct the declaration of the table that refers to it.")
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
func (j *job) family(f *fan, parents []parentRow) error {
	j.progress.foundMore(f.ctx, len(parents))
	if err := j.proveVariants(f.ctx, parents); err != nil {
		return err
	}
	var doubtful []parentRow
	for _, p := range parents {
		if p.empty && j.path.Or && j.path.Filter != "" {
			doubtful = append(doubtful, p)
			continue
		}
		if one := j.lacking(p.without); one != nil {
			f.add(func(ctx context.Context, out sink) error { return one.member(ctx, out, p) })
		} else {
			j.progress.readMore(f.ctx, 1)
		}
	}
	for chunk := range slices.Chunk(doubtful, emptyChunk) {
		f.add(func(ctx context.Context, out sink) error { return j.prove(ctx, out, chunk) })
	}
	return nil
}

// proveVariants asks, many parents in one call, whether variants that should have
// no rows have none, and takes those that have some out of the parents' lists.
func (j *job) proveVariants(ctx context.Context, parents []parentRow) error {
	byValue := map[string][]*parentRow{}
	for i := range parents {
		p := &parents[i]
		if !j.path.Or || j.quota.few() > 0 || p.empty {
			p.without = nil
		}
		for _, value := range p.without {
			byValue[value] = append(byValue[value], p)
		}
	}
	g, ctx := safely.NewGroup(ctx, j.cfg.Sink, observe.InScan)
	var mu sync.Mutex
	for value, doubtful := range byValue {
		for chunk := range slices.Chunk(doubtful, emptyChunk) {
			g.Go(func() error {
				some, err := j.some(ctx, j.path.Variant.Filters[value], chunk)
				if !some || err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				for _, p := range chunk {
					p.without = slices.DeleteFunc(p.without, func(v string) bool { return v == value })
				}
				return nil
			})
		}
	}
	return g.Wait()
}

// lacking is the job without the last of its variants, as far as these have no
// rows; nil if none is left of those that are wanted.
func (j *job) lacking(without []string) *job {
	if len(without) == 0 {
		return j
	}
	one := *j
	if one.req.Variants = j.req.VariantsWithout(without); len(one.req.Variants) == 0 {
		return nil
	}
	return &one
}

// prove asks in one call whether any of the parents has rows, and if so reads
// them one by one.
func (j *job) prove(ctx context.Context, out sink, parents []parentRow) error {
	doubtful := make([]*parentRow, len(parents))
	for i := range parents {
		doubtful[i] = &parents[i]
	}
	some, err := j.some(ctx, j.path.Filter, doubtful)
	if !some || err != nil {
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

// some reports whether any of the parents has rows by the filter. It says so, too,
// where the service does not take the question.
func (j *job) some(ctx context.Context, template string, parents []*parentRow) (found bool, err error) {
	filters := make([]string, len(parents))
	for i, p := range parents {
		filters[i] = scim.Fill(template, j.values(p.keys))
	}
	chain := chains(filters, len(filters), func(f string) string { return f })
	r := reading{job: j, walk: walk{address: j.place(j.path.List, nil), filter: first(chain), page: 1}}
	_, err = r.read(ctx, func(_ context.Context, p page, _ [][2]int, _ string) error {
		if found = p.rows > 0; found {
			return errEnough
		}
		return nil
	})
	switch {
	case found, refusedFilter(err):
		return true, nil
	default:
		return false, err
	}
}

// member reads the rows of one parent.
func (j *job) member(ctx context.Context, out sink, p parentRow) error {
	err := j.run(ctx, out, p.keys, p.more)
	if err == nil {
		j.progress.readMore(ctx, 1)
	}
	return err
}
