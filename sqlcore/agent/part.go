package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

// style is that of cells: NaN and the infinities, for which JSON has no numbers,
// have JavaScript's names.
var style = cell.Style{Infinity: "Infinity"}

// part is a part of a result, as JSON.
type part struct {
	// from is the number of rows before the part, rows the most it has.
	from, rows int64
	// objects writes rows as objects, which are no rows of the directory's.
	objects bool

	count int64
	more  bool
	json  []byte
}

// list is the JSON array of the rows.
func (p *part) list() json.RawMessage { return append(append([]byte{'['}, p.json...), ']') }

// read reads the part in steps, until it is full. Behind the last step the reading
// waits for whoever goes on.
func (p *part) read(ctx context.Context, r Request, q *query.Query) error {
	for {
		full, err := p.step(ctx, r, q)
		if err != nil || full {
			return err
		}
	}
}

// step reads some rows; full is true when no others belong to the part.
func (p *part) step(ctx context.Context, r Request, q *query.Query) (full bool, err error) {
	rows, err := r.Page(ctx, q, nil, reading.Want{
		Skip: p.from + p.count, Rows: min(step, p.rows-p.count), Ending: reading.Skipped, Look: true, Expect: p.from + p.rows + 1,
	})
	if err != nil {
		return false, err
	}
	defer rows.Close()
	p.more = false
	for {
		b, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, err
		}
		before := p.count
		err = p.add(q, b.Record)
		b.Record.Release()
		if err == nil && !p.objects {
			err = r.Returned(p.count - before)
		}
		if err != nil || p.more {
			return true, err
		}
	}
	// Room for as many bytes as the rows so far had on average must be left.
	full = p.count >= p.rows || int64(len(p.json))*(p.count+step) > maxBytes*p.count
	_, p.more = rows.Rest()
	return full || !p.more, nil
}

// add writes rows, as long as they fit; more tells that some did not.
func (p *part) add(q *query.Query, rec arrow.RecordBatch) error {
	cells := cell.OfBatch(rec, style)
	var names []string
	for _, c := range q.Columns {
		if p.objects {
			names = append(names, string(cell.AppendString(nil, c.Name))+":")
		}
	}
	for row := range int(rec.NumRows()) {
		end := len(p.json)
		if p.count > 0 {
			p.json = append(p.json, ',')
		}
		p.json = cell.AppendRow(p.json, cells, names, row)
		if len(p.json) <= maxBytes {
			p.count++
			continue
		}
		p.json = p.json[:end]
		if p.count == 0 {
			return gwerr.Newf(gwerr.TooLarge, "Row %d of the result alone has more than %d bytes.", p.from+1, maxBytes).
				WithHint("Select fewer columns, or parts of the long ones.")
		}
		p.more = true
		return nil
	}
	return nil
}
