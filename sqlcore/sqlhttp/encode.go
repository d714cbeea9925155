package sqlhttp

import (
	"encoding/json"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/format"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// style is that of cells: NaN and the infinities, for which JSON has no numbers,
// have JavaScript's names.
var style = cell.Style{Infinity: "Infinity"}

// jsonEncoder writes {"columns": […], "rows": [[…], …], "count": …, "notes": […]},
// the count of a statement that changes rows, and the notes where there are some.
type jsonEncoder struct {
	encoder
	answer *query.Answer
}

func newJSON(out *writer, a *query.Answer) (format.Writer, error) {
	e := &jsonEncoder{answer: a, encoder: encoder{out: out, first: "\n", next: ",\n"}}
	e.w.RawStr(`{"columns":[`)
	for i, c := range a.Columns {
		if i > 0 {
			e.w.RawStr(",")
		}
		e.w.RawStr(`{"name":`)
		e.w.Str(c.Name)
		e.w.RawStr(`,"type":`)
		e.w.Str(c.TypeName())
		e.w.RawStr("}")
	}
	e.w.RawStr("],\n\"rows\":[")
	return e, e.drain()
}

// Close implements format.Writer.
func (e *jsonEncoder) Close() error {
	e.w.RawStr("\n]")
	if e.answer.Changed != nil {
		e.w.RawStr(`,"count":`)
		e.w.Int64(e.answer.Changed.Rows)
	}
	if e.answer.Notes != nil {
		if notes := e.answer.Notes(); len(notes) > 0 {
			raw, err := json.Marshal(notes)
			if err != nil {
				return err
			}
			e.w.RawStr(`,"notes":`)
			e.w.Raw(raw)
		}
	}
	e.w.RawStr("}\n")
	return e.drain()
}

// fail tells what went wrong behind the rows. What it ends with is no whole JSON.
func (e *jsonEncoder) fail(err *gwerr.Error) {
	e.w.Buf = e.w.Buf[:0]
	e.w.RawStr("\n],\"error\":")
	appendFailure(&e.w, err)
	e.w.RawStr("\n")
	_ = e.drain() // the connection is cut in any case
}

// appendFailure writes an error as a member of what is broken off.
func appendFailure(w *jx.Writer, err *gwerr.Error) {
	w.RawStr(`{"code":`)
	w.Str(string(err.Code))
	w.RawStr(`,"message":`)
	w.Str(err.Error())
	w.RawStr("}")
}

// encoder writes rows as JSON: arrays or, with names, objects.
type encoder struct {
	out   *writer
	names []string
	// first stands before the first row, next before the others, and end behind each.
	first, next, end string
	w                jx.Writer
}

// Write implements format.Writer.
func (e *encoder) Write(rec arrow.RecordBatch) error {
	cells := cell.OfBatch(rec, style)
	for row := range int(rec.NumRows()) {
		e.w.RawStr(e.first)
		e.first = e.next
		e.w.Buf = cell.AppendRow(e.w.Buf, cells, e.names, row)
		e.w.RawStr(e.end)
		if len(e.w.Buf) > 32<<10 {
			if err := e.drain(); err != nil {
				return err
			}
		}
	}
	return e.drain()
}

func (e *encoder) drain() error {
	_, err := e.out.Write(e.w.Buf)
	e.w.Buf = e.w.Buf[:0]
	return err
}

// ndjsonEncoder writes one object a row.
type ndjsonEncoder struct{ encoder }

func newNDJSON(out *writer, a *query.Answer) (format.Writer, error) {
	e := &ndjsonEncoder{encoder{out: out, end: "\n", names: []string{}}}
	for _, c := range a.Columns {
		e.names = append(e.names, string(cell.AppendString(nil, c.Name))+":")
	}
	return e, nil
}

// Close implements format.Writer.
func (e *ndjsonEncoder) Close() error { return nil }

// fail tells a reader of lines what went wrong before the connection is cut.
func (e *ndjsonEncoder) fail(err *gwerr.Error) {
	e.w.Buf = e.w.Buf[:0]
	e.w.RawStr(`{"error":`)
	appendFailure(&e.w, err)
	e.w.RawStr("}\n")
	_ = e.drain() // the connection is cut in any case
}
