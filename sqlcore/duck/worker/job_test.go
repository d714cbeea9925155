//go:build duckdb_arrow

package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

func users() *catalog.Table {
	return &catalog.Table{Name: `Us"ers`, Schema: &catalog.Schema{Name: "Town"}, Columns: []catalog.Column{
		{Name: "Id", Type: catalog.GUID, Key: true}, {Name: "Name"}, {Name: "Age", Type: catalog.Int32}, {Name: "Notes", Type: catalog.JSON},
	}}
}

func TestSelectList(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		columns []int
		want    string
	}{
		"some":   {[]int{1, 0}, `CAST("Id" AS UUID) AS "Id", "Name", CAST(NULL AS INTEGER) AS "Age", CAST(NULL AS JSON) AS "Notes"`},
		"none":   {nil, `CAST(NULL AS UUID) AS "Id", CAST(NULL AS VARCHAR) AS "Name", CAST(NULL AS INTEGER) AS "Age", CAST(NULL AS JSON) AS "Notes"`},
		"others": {[]int{2, 3}, `CAST(NULL AS UUID) AS "Id", CAST(NULL AS VARCHAR) AS "Name", "Age", CAST("Notes" AS JSON) AS "Notes"`},
	} {
		assert.Equal(t, c.want, selectList(users(), c.columns), name)
	}
	assert.Equal(t, `("Id" UUID, "Name" VARCHAR, "Age" INTEGER, "Notes" JSON)`, columnList(users()))
	assert.Equal(t, `; CREATE SCHEMA IF NOT EXISTS "Town"; CREATE TABLE "Town"."Us""ers" `+columnList(users()), createTables([]*catalog.Table{users()}))
}

func TestMergeQuery(t *testing.T) {
	t.Parallel()
	inputs := func(lists ...[]int) (out []query.Input) {
		for _, l := range lists {
			out = append(out, query.Input{Columns: l})
		}
		return out
	}
	for name, c := range map[string]struct {
		inputs []query.Input
		want   string
	}{
		"the same columns":     {inputs([]int{0, 1}, []int{1, 0}), `SELECT DISTINCT ON ("Id") * FROM p`},
		"one of them twice":    {inputs([]int{0, 1}, []int{1, 0, 1}), `SELECT DISTINCT ON ("Id") * FROM p`},
		"other columns":        {inputs([]int{0, 1}, []int{0, 2}), `SELECT "Id", any_value("Name") AS "Name", any_value("Age") AS "Age", any_value("Notes") AS "Notes" FROM p GROUP BY "Id"`},
		"more columns at last": {inputs([]int{0}, []int{0}, []int{0, 2}), `SELECT "Id", any_value("Name") AS "Name", any_value("Age") AS "Age", any_value("Notes") AS "Notes" FROM p GROUP BY "Id"`},
	} {
		assert.Equal(t, c.want, mergeQuery(users(), c.inputs, "p"), name)
	}
}

func TestGroupInputs(t *testing.T) {
	t.Parallel()
	a, b := users(), users()
	in := func(table *catalog.Table, column int) query.Input {
		return query.Input{Table: table, Columns: []int{column}}
	}
	assert.Equal(t, [][]query.Input{{in(a, 1), in(a, 3)}, {in(b, 2)}}, groupInputs([]query.Input{in(a, 1), in(b, 2), in(a, 3)}))
	assert.Empty(t, groupInputs(nil))
}

func TestResultNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"count_star()": "count", "Name": "Name", "max(shadow_12.Town.Users.Id)": "max(Town.Users.Id)",
		"q_0123456789abcdef01234567.Town.Users.Id": "Town.Users.Id", "q_0123.Id": "q_0123.Id", "my_shadow_1.x": "my_shadow_1.x",
	} {
		assert.Equal(t, want, resultName(name))
	}
	in := arrow.NewSchema([]arrow.Field{{Name: "count_star()", Type: arrow.PrimitiveTypes.Int64}}, nil)
	assert.Equal(t, []arrow.Field{{Name: "count", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, resultSchema(in).Fields())
}

func TestFailures(t *testing.T) {
	t.Parallel()
	own := gwerr.New(gwerr.BadParameter, "No.", "Yes.")
	for name, c := range map[string]struct {
		err  error
		want wire.Failure
	}{
		"the engine's":    {fmt.Errorf("x: %w", &engineError{"Parser Error: x"}), wire.Failure{Text: "Parser Error: x"}},
		"the gateway's":   {fmt.Errorf("x: %w", own), wire.Failure{Code: "bad_parameter", Text: "No.", Hint: "Yes."}},
		"too large":       {fmt.Errorf("%w: 9", wire.ErrTooLarge), wire.Failure{Code: "limit_exceeded", Text: "A row of the result, or the plan of the query, is larger than the engine may send.", Hint: "Select fewer columns, or shorter values."}},
		"a cancelled one": {context.Canceled, wire.Failure{Code: "canceled", Text: gwerr.From(context.Canceled).Message, Hint: gwerr.From(context.Canceled).Hint, Cause: "context canceled"}},
		"another":         {errors.New("odd"), wire.Failure{Code: "internal", Text: gwerr.From(errors.New("odd")).Message, Hint: gwerr.From(errors.New("odd")).Hint, Cause: "odd"}},
	} {
		assert.Equal(t, c.want, failure(c.err), name)
	}
}

// TestInputAsksOnce: one batch is asked for at a time, and how the stream ended is
// told as often as it is asked.
func TestInputAsksOnce(t *testing.T) {
	t.Parallel()
	rec, err := cell.Record(users().ArrowSchema([]int{1}), [][]any{{"Ann"}})
	require.NoError(t, err)
	var encoder wire.Encoder
	body, err := encoder.Encode(rec)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		frames []wire.Frame
		rows   int
		end    error
	}{
		"whole":     {[]wire.Frame{{Kind: wire.Batch, Body: body}, {Kind: wire.End}}, 1, io.EOF},
		"empty":     {[]wire.Frame{{Kind: wire.End}}, 0, io.EOF},
		"broken":    {[]wire.Frame{{Kind: wire.Batch, Body: body}, {Kind: wire.Broken}}, 1, errBroken},
		"malformed": {[]wire.Frame{{Kind: wire.Batch, Body: body[:9]}}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := net.Pipe()
			asked := make(chan int, 1)
			go func() {
				n, c := 0, wire.NewConn(theirs)
				for f, err := c.Receive(); err == nil && f.Kind == wire.Pull && f.Stream == 7; f, err = c.Receive() {
					n++
				}
				asked <- n
			}()
			in := newInput(wire.NewConn(ours), 7)
			defer in.Close()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := in.Next(ctx)
			require.ErrorIs(t, err, context.Canceled, "nothing has come")
			for _, f := range c.frames {
				in.frames <- f
			}
			for range c.rows {
				b, err := in.Next(t.Context())
				require.NoError(t, err)
				assert.EqualValues(t, 1, b.Record.NumRows())
				b.Record.Release()
			}
			_, err = in.Next(t.Context())
			require.Error(t, err)
			if c.end != nil {
				require.ErrorIs(t, err, c.end)
			}
			_, again := in.Next(t.Context())
			assert.Equal(t, err, again)
			require.NoError(t, ours.Close())
			assert.Equal(t, c.rows+1, <-asked)
		})
	}
}

func TestCredit(t *testing.T) {
	t.Parallel()
	var none *credit
	none.add(1) // of no job
	c := newCredit(2)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, c.use(over))
	require.NoError(t, c.use(over))
	require.ErrorIs(t, c.use(over), context.Canceled)
	used := make(chan error)
	go func() { used <- c.use(t.Context()) }()
	c.add(1)
	require.NoError(t, <-used)
	c.add(2)
	require.NoError(t, c.use(over))
	require.NoError(t, c.use(over))
	require.ErrorIs(t, c.use(over), context.Canceled)
}

// TestReaderRefuses: rows of another form would be misread, and rows that were
// given once would be missing.
func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	record := func(columns []int, row ...any) scan.Batch {
		rec, err := cell.Record(users().ArrowSchema(columns), [][]any{row})
		require.NoError(t, err)
		return scan.Batch{Record: rec}
	}
	reader := func(columns []int, batches ...scan.Batch) *batchReader {
		return newBatchReader(t.Context(), query.Input{Table: users(), Columns: columns, Rows: scan.Of(batches...)}, nil)
	}
	r := reader([]int{1, 2}, record([]int{1, 2}, "Ann", int64(3)))
	require.NoError(t, r.begin())
	rec, err := r.next()
	require.NoError(t, err)
	assert.EqualValues(t, 1, rec.NumRows())
	rec, err = r.next()
	require.NoError(t, err)
	assert.Nil(t, rec, "the end")
	require.ErrorIs(t, r.begin(), errTwice)
	_, err = r.next()
	require.ErrorIs(t, err, errTwice, "whoever reads on sees it")

	r = reader([]int{1})
	r.again = true
	require.NoError(t, r.begin())
	require.NoError(t, r.begin())

	for name, c := range map[string]struct {
		columns []int
		batch   scan.Batch
		says    string
	}{
		"a column less":   {[]int{1, 2}, record([]int{1}, "Ann"), "a batch has 1 columns in the place of 2"},
		"another type":    {[]int{1}, record([]int{2}, int64(3)), "column Name is int32 in the place of utf8"},
		"columns of none": {[]int{}, record([]int{2}, int64(3)), ""},
	} {
		_, err := reader(c.columns, c.batch).next()
		if c.says == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, c.says, name)
		}
	}
	r = newBatchReader(t.Context(), query.Input{Table: users(), Columns: []int{1}, Rows: nil}, nil)
	_, err = r.next()
	require.Error(t, err, "a panic")
	assert.Equal(t, err, r.Err())
}
