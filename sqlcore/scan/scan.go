// Package scan is the contract between the planner, the executor and a data
// source: a request for rows of one table by one access path, and the stream
// of Arrow record batches that answers it.
package scan

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Request asks for rows of one table by one access path. It is a value that
// can be printed and compared; the source adds nothing to it but what the path
// declares.
type Request struct {
	Table *catalog.Table
	Path  *catalog.Path
	// Columns are positions in Table.Columns; batches have exactly these
	// columns in this order. It may be empty: then batches have no columns and
	// only their number of rows counts.
	Columns []int
	// Keys holds one tuple of values, as text, for each run of the path, in
	// the order of Path.Keys; empty where the path needs no keys.
	Keys [][]string
	// Filters are conditions in the source's language. Each is sent on its
	// own; a row that several keep is answered once. Empty means no condition.
	Filters []string
	// Variants are the values of Path.Variant that are wanted, all if empty.
	Variants []string
	// From and To bound the column of Path.Range, from the first moment on and
	// before the last; the zero time leaves an end open.
	From, To time.Time
	// Order is what the service sorts by, as Path.Order has it, with - in front if
	// descending; "" for its own order.
	Order string
	// Newest is the number of rows that are needed of those with the latest times,
	// by the column of Path.Range; 0 for all. More may come.
	Newest int64
	// Parent asks for the parent's rows, for a path that has one.
	Parent *Request
	// ParentValues are the values that are wanted of each of Path.Parent.Columns,
	// as text, nil for all; empty if all parents are wanted.
	ParentValues [][]string
	// Partition allows the source to divide the scan and answer its parts in
	// any order. Without it each run's rows come in the source's order.
	Partition bool
	// Ordered asks for the rows of several runs (keys, filters, parents) one
	// run after the other, so that two readings of a directory that does not
	// change give the same order. It excludes Partition.
	Ordered bool
	// Within restricts a partitioned scan to these values of the partition
	// column, as text; nil means all.
	Within []string
	// Limit stops after so many rows; 0 means no limit.
	Limit int64
	// Expect is the number of rows after which the stream may be left alone for
	// long, or for good: from then on nothing is read ahead. 0 means that all
	// rows will be taken at once.
	Expect int64
	// Page overrides the number of rows asked per call; 0 means the path's.
	Page int
	// Resume continues after the batch that carried this cursor.
	Resume string
	// CountBy names the columns that are wanted, where the service can count rows
	// by the values of each: then the source may count instead of read.
	CountBy []string
	// Shared says that another reading of the same request makes the same calls:
	// their answers are kept for it as far as there is room.
	Shared bool
	// Few says that so few rows can come that their answer is sooner sent than
	// compressed.
	Few bool
	// Alone says that nothing is read beside these rows, and that whoever asks for
	// them takes them at once: the first call may wait for the first Next.
	Alone bool
	// Bulk marks a scan that may wait behind interactive ones.
	Bulk bool
}

// VariantsRead lists the values of the path's variant that must be read, in order
// of precedence; none where the rows need not be told apart. A value's
// predecessors are read too, since they take rows away from it.
func (r *Request) VariantsRead() []string {
	v := r.Path.Variant
	if v == nil {
		return nil
	}
	projected := slices.ContainsFunc(r.Columns, func(c int) bool { return r.Table.Columns[c].Name == v.Column })
	if len(r.Variants) == 0 {
		if projected {
			return v.Values
		}
		return nil
	}
	if !projected && !slices.ContainsFunc(v.Values, func(s string) bool { return !slices.Contains(r.Variants, s) }) {
		return nil
	}
	last := 0
	for i, value := range v.Values {
		if slices.Contains(r.Variants, value) {
			last = i + 1
		}
	}
	return v.Values[:last]
}

// VariantsWithout lists the wanted variants to ask for where some are known to have
// no rows; none if nothing is left. Only the last ones drop out, as each takes rows
// away from those behind it.
func (r *Request) VariantsWithout(empty []string) []string {
	left := r.VariantsRead()
	for len(left) > 0 && slices.Contains(empty, left[len(left)-1]) {
		left = left[:len(left)-1]
	}
	if len(r.Variants) == 0 {
		return left
	}
	return slices.DeleteFunc(slices.Clone(left), func(value string) bool { return !slices.Contains(r.Variants, value) })
}

// Endpoint names the address that the rows come from, as the path declares it.
func (r *Request) Endpoint() string {
	if p := r.Path.Parent; p != nil {
		return r.Table.Path(p.Path).Endpoint
	}
	return r.Path.Endpoint
}

// Constant reports whether all rows of a run are alike, as their columns' values
// come from the keys: then counting is enough, if the path counts.
func (r *Request) Constant() bool {
	p := r.Path
	supplied := func(name string) bool { return slices.Contains(p.Supplies, name) }
	return p.CountExact && !slices.ContainsFunc(r.Columns, func(c int) bool {
		name := r.Table.Columns[c].Name
		look, looked := p.Lookup[name]
		return !supplied(name) && !(looked && supplied(look.Key)) && !(name == "EnvironmentId" && r.Table.Scope == catalog.PerEnvironment)
	})
}

// Batch is a record batch and the place after it. The receiver owns Record
// and must release it.
type Batch struct {
	Record arrow.RecordBatch
	// Cursor continues after this batch; "" where the source can't, or at the
	// end of the rows.
	Cursor string
}

// Batches is a stream of batches. It is used by one goroutine. After an error
// other than io.EOF the stream is broken and rows are missing.
type Batches interface {
	// Next returns the next batch, or io.EOF after the last one.
	Next(ctx context.Context) (Batch, error)
	// Close stops the work upstream and frees what the stream holds; it waits
	// for the stream's goroutines. It may be called more than once.
	Close()
}

// Rows is a stream of batches whose columns are known before the first.
type Rows interface {
	Batches
	Schema() *arrow.Schema
}

// RowFilter decides batch by batch which rows to keep.
type RowFilter interface {
	// Mask tells for each row whether it is kept.
	Mask(ctx context.Context, rec arrow.RecordBatch) ([]bool, error)
	Close()
}

// Source reads rows.
type Source interface {
	// Scan starts reading. Errors are of package gwerr.
	Scan(ctx context.Context, r Request) (Batches, error)
	// Count returns the number of rows of the request without reading them.
	// known is false where the source would have to read the rows.
	Count(ctx context.Context, r Request) (rows int64, known bool, err error)
	// Describe lists the calls that the request will make, for EXPLAIN, without
	// making any.
	Describe(r Request) []Call
}

// Call is one kind of upstream call in an explained plan.
type Call struct {
	Method string `json:"method"`
	// Address is relative to the API's base, decoded, with "…" for values that
	// only a run can tell.
	Address string `json:"address"`
	// Times is the number of such calls; 0 where only a run can tell.
	Times int64 `json:"times,omitempty"`
	// Note says what decides the number, in words.
	Note string `json:"note,omitempty"`
}

// Of returns a stream of the given batches, which it owns.
func Of(batches ...Batch) Batches { return &fixed{batches: batches} }

type fixed struct{ batches []Batch }

// Next implements Batches.
func (f *fixed) Next(ctx context.Context) (Batch, error) {
	if err := ctx.Err(); err != nil {
		return Batch{}, err
	}
	if len(f.batches) == 0 {
		return Batch{}, io.EOF
	}
	b := f.batches[0]
	f.batches = f.batches[1:]
	return b, nil
}

// Close implements Batches.
func (f *fixed) Close() {
	for _, b := range f.batches {
		b.Record.Release()
	}
	f.batches = nil
}
