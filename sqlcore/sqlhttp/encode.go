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

func cellsOf(rec arrow.RecordBatch) []cell.Column {
	out := make([]cell.Column, rec.NumCols())
	for i := range out {
		out[i] = cell.Of(rec.Column(i), style)
	}
	return out
}

// jsonEncoder writes {"columns": […], "rows": [[…], …], "count": …, "notes": […]},
// the count of a statement that changes rows, and the notes where there are some.
type jsonEncoder struct {
	out     *writer
	columns []query.Column
	notes   func() []string
	changed *query.Changed
	w       jx.Writer
	some    bool
}

func newJSON(out *writer, a *query.Answer) (format.Writer, error) {
	e := &jsonEncoder{out: out, columns: a.Columns, notes: a.Notes, changed: a.Changed}
	return e, e.begin()
}

func (e *jsonEncoder) begin() error {
	e.w.RawStr(`{"columns":[`)
	for i, c := range e.columns {
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
	return e.drain()
}

// Write implements format.Writer.
func (e *jsonEncoder) Write(rec arrow.RecordBatch) error {
	cells := cellsOf(rec)
	for row := range int(rec.NumRows()) {
		if e.some {
			e.w.RawStr(",")
		}
		e.some = true
		e.w.RawStr("\n[")
		for i := range cells {
			if i > 0 {
				e.w.RawStr(",")
			}
			e.w.Buf = cells[i].AppendNullable(e.w.Buf, row)
		}
		e.w.RawStr("]")
		if len(e.w.Buf) > 32<<10 {
			if err := e.drain(); err != nil {
				return err
			}
		}
	}
	return e.drain()
}

// Close implements format.Writer.
func (e *jsonEncoder) Close() error {
	e.w.RawStr("\n]")
	if e.changed != nil {
		e.w.RawStr(`,"count":`)
		e.w.Int64(e.changed.Rows)
	}
	if e.notes != nil {
		if notes := e.notes(); len(notes) > 0 {
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

func (e *jsonEncoder) drain() error {
	_, err := e.out.Write(e.w.Buf)
	e.w.Buf = e.w.Buf[:0]
	return err
}

// ndjsonEncoder writes one object a row.
type ndjsonEncoder struct {
	out   *writer
	names []string
	w     jx.Writer
}

func newNDJSON(out *writer, a *query.Answer) (format.Writer, error) {
	e := &ndjsonEncoder{out: out}
	for _, c := range a.Columns {
		name := jx.Writer{}
		name.Str(c.Name)
		e.names = append(e.names, string(name.Buf)+":")
	}
	return e, nil
}

// Write implements format.Writer.
func (e *ndjsonEncoder) Write(rec arrow.RecordBatch) error {
	cells := cellsOf(rec)
	for row := range int(rec.NumRows()) {
		sep := "{"
		for i := range cells {
			e.w.RawStr(sep)
			sep = ","
			e.w.RawStr(e.names[i])
			e.w.Buf = cells[i].AppendNullable(e.w.Buf, row)
		}
		if sep == "{" {
			e.w.RawStr(sep)
		}
		e.w.RawStr("}\n")
		if len(e.w.Buf) > 32<<10 {
			if err := e.drain(); err != nil {
				return err
			}
		}
	}
	return e.drain()
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

func (e *ndjsonEncoder) drain() error {
	_, err := e.out.Write(e.w.Buf)
	e.w.Buf = e.w.Buf[:0]
	return err
}
