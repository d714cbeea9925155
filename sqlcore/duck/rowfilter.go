//go:build duckdb_arrow

package duck

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Filter compiles a condition over the columns, given by their positions in
// the table, for use on batches of them. The condition names columns by their
// names and may call functions; it reads no table. Errors are of package gwerr.
func (e *Engine) Filter(ctx context.Context, t *catalog.Table, columns []int, sql string) (scan.RowFilter, error) {
	if err := e.begin(); err != nil {
		return nil, err
	}
	f := &rowFilter{e: e}
	if err := f.prepare(ctx, t, columns, sql); err != nil {
		f.Close()
		return nil, translate(err)
	}
	return f, nil
}

// rowFilter is a condition that any engine process evaluates, batch by batch.
type rowFilter struct {
	e      *Engine
	asked  []byte // a wire.Filter
	key    string
	closed sync.Once
}

func (f *rowFilter) prepare(ctx context.Context, t *catalog.Table, columns []int, sql string) (err error) {
	if sql, err = f.check(ctx, t, sql); err != nil {
		return err
	}
	f.asked, err = json.Marshal(wire.Filter{Table: wire.TableOf(t), Columns: columns, SQL: sql})
	if err != nil {
		return err
	}
	f.key = "f" + string(f.asked)
	_, err = f.ask(ctx, nil)
	return err
}

// ask has a process evaluate the condition on a batch, or see that it can where
// there is none.
func (f *rowFilter) ask(ctx context.Context, batch []byte) ([][]byte, error) {
	l, err := f.e.pool.Lease(ctx, f.key, false)
	if err != nil {
		return nil, err
	}
	defer l.Release()
	l.Keep(f.key)
	return l.Call(ctx, func(c *wire.Conn, number uint32) error {
		if err := c.Send(wire.Mask, number, f.asked); err != nil {
			return err
		}
		return c.Send(wire.Batch, 0, batch)
	})
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
	const head = "SELECT ("
	b := &binder{sql: head + sql + ") IS TRUE", tables: []*catalog.Table{t}, req: BindRequest{SQL: condition}, tokens: tokens}
	b.maps = []sqltext.Map{b.headMap(head)}
	if err := f.e.with(ctx, nil, b, b.parse); err != nil {
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
	out := make([]bool, rec.NumRows())
	if len(out) == 0 {
		return out, nil
	}
	var encoder wire.Encoder
	body, err := encoder.Encode(rec)
	if err != nil {
		return nil, gwerr.From(err)
	}
	answer, err := f.ask(ctx, body)
	if err != nil {
		return nil, translate(err)
	}
	if len(answer) != 1 || len(answer[0]) != len(out) {
		return nil, gwerr.From(fmt.Errorf("duck: a mask of another length than %d rows", len(out)))
	}
	for i := range out {
		out[i] = answer[0][i] == 1
	}
	return out, nil
}

// Close frees the filter.
func (f *rowFilter) Close() { f.closed.Do(f.e.jobs.Done) }
