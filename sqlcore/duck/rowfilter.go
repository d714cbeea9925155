//go:build duckdb_arrow

package duck

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// RowFilter evaluates a condition on batches. It is used by one goroutine.
type RowFilter interface {
	// Mask tells for each row whether the condition is true. The batch has the
	// columns that the filter was made for.
	Mask(ctx context.Context, rec arrow.RecordBatch) ([]bool, error)
	// Close frees the filter; it may be called more than once.
	Close()
}

// Filter compiles a condition over the columns, given by their positions in
// the table, for use on batches of them. The condition names columns by their
// names and may call functions; it reads no table. Errors are of package gwerr.
func (e *Engine) Filter(ctx context.Context, t *catalog.Table, columns []int, sql string) (scan.RowFilter, error) {
	if err := e.begin(); err != nil {
		return nil, err
	}
	f := &rowFilter{e: e, feed: &feed{}}
	if err := f.prepare(ctx, t, columns, sql); err != nil {
		f.Close()
		return nil, translate(err)
	}
	return f, nil
}

// feed is a stream that gives one batch for each scan.
type feed struct{ batch arrow.RecordBatch }

func (f *feed) Next(context.Context) (scan.Batch, error) {
	if f.batch == nil {
		return scan.Batch{}, io.EOF
	}
	b := f.batch
	f.batch = nil
	return scan.Batch{Record: b}, nil
}

func (f *feed) Close() {}

type rowFilter struct {
	e      *Engine
	c      *conn
	feed   *feed
	reader *batchReader
	id     int64
	name   string // the catalog
	s      *statement
	closed sync.Once
}

func (f *rowFilter) prepare(ctx context.Context, t *catalog.Table, columns []int, sql string) (err error) {
	if sql, err = f.check(ctx, t, sql); err != nil {
		return err
	}
	if f.c, err = f.e.data.connect(); err != nil {
		return err
	}
	var random [12]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	f.name = "q_" + hex.EncodeToString(random[:])
	if err := f.c.exec(ctx, "ATTACH ':memory:' AS "+f.name); err != nil {
		f.name = ""
		return err
	}
	if err := f.c.exec(ctx, "USE "+f.name); err != nil {
		return err
	}
	// The filter outlives the context of its making.
	in := query.Input{Table: t, Columns: columns, Rows: f.feed}
	f.reader = newBatchReader(context.WithoutCancel(ctx), f.e.sink, in, f.e.data.connect)
	f.reader.again = true
	f.id = streams.put(f.reader)
	f.s, err = f.c.prepare(ctx, fmt.Sprintf("SELECT (%s) IS TRUE FROM (SELECT %s FROM %s(%d)) AS %s",
		sql, selectList(t, columns), rowsFunction, f.id, sqltext.Quote(t.Name)))
	return err
}

// check holds the condition to the rules of queries, and sees that it is one
// expression. It returns the condition without comments.
func (f *rowFilter) check(ctx context.Context, t *catalog.Table, sql string) (string, error) {
	tokens, err := sqltext.Lex(sql)
	if err != nil {
		return "", err
	}
	for _, tok := range tokens {
		if tok.Is(";") || tok.Kind == sqltext.Param {
			return "", gwerr.New(gwerr.Syntax, "A condition holds no statement and no parameter.", "").At(tok.Start)
		}
	}
	condition := sql
	sql = sqltext.Blank(sql, tokens)
	c, err := f.e.shadow.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer f.e.shadow.release(c)
	const head = "SELECT ("
	b := &binder{c: c, sql: head + sql + ") IS TRUE", tables: []*catalog.Table{t}, req: BindRequest{SQL: condition}, tokens: tokens}
	b.maps = []sqltext.Map{b.headMap(head)}
	if err := b.parse(ctx); err != nil {
		return "", err
	}
	if len(b.tree.tables) > 0 {
		return "", gwerr.New(gwerr.NotImplemented, "A condition reads no table.", "")
	}
	return sql, nil
}

// headMap traces positions of a text that a head stands before.
func (b *binder) headMap(head string) sqltext.Map {
	_, m := sqltext.Apply(b.req.SQL, []sqltext.Edit{{Text: head}})
	return m
}

// Mask tells for each row whether the condition is true.
func (f *rowFilter) Mask(ctx context.Context, rec arrow.RecordBatch) ([]bool, error) {
	out := make([]bool, 0, rec.NumRows())
	if rec.NumRows() == 0 {
		return out, nil
	}
	rec.Retain()
	f.feed.batch = rec
	defer func() {
		if f.feed.batch != nil { // not read
			f.feed.batch.Release()
			f.feed.batch = nil
		}
	}()
	st, err := f.s.again(ctx)
	if err != nil {
		return nil, f.failed(err)
	}
	defer st.free()
	for {
		part, err := st.next(ctx)
		if err != nil {
			return nil, f.failed(err)
		}
		if part == nil {
			break
		}
		values, ok := part.Column(0).(*array.Boolean)
		for i := 0; ok && i < values.Len(); i++ {
			out = append(out, values.Value(i))
		}
		part.Release()
	}
	if int64(len(out)) != rec.NumRows() {
		return nil, gwerr.From(fmt.Errorf("duck: a mask of %d for %d rows", len(out), rec.NumRows()))
	}
	return out, nil
}

func (f *rowFilter) failed(err error) error {
	if own := f.reader.Err(); own != nil {
		return gwerr.From(own)
	}
	return translate(err)
}

// Close frees the filter.
func (f *rowFilter) Close() {
	f.closed.Do(func() {
		if f.s != nil {
			f.s.close()
		}
		if f.id != 0 {
			streams.drop(f.id)
		}
		if f.c != nil {
			f.e.detach(f.c, f.name, f.name != "")
			f.c.close()
		}
		f.e.jobs.Done()
	})
}
