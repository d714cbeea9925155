//go:build duckdb_arrow

package worker

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

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

func (f *feed) Close() { f.drop() }

// drop frees a batch that was not read.
func (f *feed) drop() {
	if f.batch != nil {
		f.batch.Release()
		f.batch = nil
	}
}

// filter is a condition that is ready for batches: the last one is kept, since
// most batches are those of one stream.
type filter struct {
	asked  []byte
	feed   feed
	reader *batchReader
	id     int64
	c      *conn
	s      *statement
}

// mask tells for each row of the batch whether the condition is true; a frame
// without one asks whether the condition can be evaluated.
func (w *worker) mask(ctx context.Context, f wire.Frame, batch []byte) ([]string, error) {
	if w.filter == nil || !bytes.Equal(w.filter.asked, f.Body) {
		if err := w.compile(ctx, f); err != nil {
			return nil, err
		}
	}
	if len(batch) == 0 {
		return nil, nil
	}
	out, err := w.filter.mask(ctx, batch)
	if err != nil {
		w.filter.close() // its reader keeps the error
		w.filter = nil
		return nil, err
	}
	return []string{string(out)}, nil
}

// compile puts the condition in the place of the last one.
func (w *worker) compile(ctx context.Context, f wire.Frame) (err error) {
	var asked wire.Filter
	if err := f.JSON(&asked); err != nil {
		return err
	}
	if w.filter != nil {
		w.filter.close()
		w.filter = nil
	}
	n := &filter{asked: f.Body}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if n.c, err = w.data.connect(); err != nil {
		return err
	}
	t := asked.Table.Catalog()
	in := query.Input{Table: t, Columns: asked.Columns, Rows: &n.feed}
	// The filter outlives this request.
	n.reader = newBatchReader(context.WithoutCancel(ctx), in, w.data.connect)
	n.reader.again = true
	n.id = streams.put(n.reader)
	n.s, err = n.c.prepare(ctx, fmt.Sprintf("SELECT (%s) IS TRUE FROM (SELECT %s FROM %s(%d)) AS %s",
		asked.SQL, selectList(t, asked.Columns), rowsFunction, n.id, sqltext.Quote(t.Name)))
	if err == nil {
		w.filter = n
	}
	return err
}

// mask gives a byte for each row, 1 where the condition is true.
func (f *filter) mask(ctx context.Context, body []byte) ([]byte, error) {
	var decoder wire.Decoder
	rec, err := decoder.Decode(body)
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	f.feed.batch = rec
	defer f.feed.drop()
	rows := int(rec.NumRows())
	st, err := f.s.again(ctx)
	if err != nil {
		return nil, err
	}
	defer st.free()
	out := make([]byte, 0, rows)
	for {
		part, err := st.next(ctx)
		if err != nil {
			return nil, err
		}
		if part == nil {
			break
		}
		values, ok := part.Column(0).(*array.Boolean)
		for i := 0; ok && i < values.Len(); i++ {
			var keep byte
			if values.Value(i) {
				keep = 1
			}
			out = append(out, keep)
		}
		part.Release()
	}
	if len(out) != rows {
		return nil, fmt.Errorf("engine: a mask of %d for %d rows", len(out), rows)
	}
	return out, nil
}

func (f *filter) close() {
	if f.s != nil {
		f.s.close()
	}
	if f.id != 0 {
		streams.drop(f.id)
	}
	if f.c != nil {
		f.c.close()
	}
	f.feed.drop()
}
