package sqlhttp

import (
	"encoding/csv"
	"encoding/json"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// encoder writes rows in one format. After an error the answer is broken.
type encoder interface {
	begin() error
	batch(rec arrow.RecordBatch) error
	end() error
}

// cellsOf reads the columns of a batch; JSON of SQL has no numbers for NaN and
// the infinities, as JavaScript names them.
func cellsOf(rec arrow.RecordBatch) []cell.Column {
	out := make([]cell.Column, rec.NumCols())
	for i := range out {
		out[i] = cell.Of(rec.Column(i), cell.Style{Infinity: "Infinity"})
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

func newJSON(out *writer, a *query.Answer) encoder {
	return &jsonEncoder{out: out, columns: a.Columns, notes: a.Notes, changed: a.Changed}
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
		e.w.Str(typeName(c))
		e.w.RawStr("}")
	}
	e.w.RawStr("],\n\"rows\":[")
	return e.drain()
}

func (e *jsonEncoder) batch(rec arrow.RecordBatch) error {
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

func (e *jsonEncoder) end() error {
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

func newNDJSON(out *writer, a *query.Answer) encoder {
	e := &ndjsonEncoder{out: out}
	for _, c := range a.Columns {
		name := jx.Writer{}
		name.Str(c.Name)
		e.names = append(e.names, string(name.Buf)+":")
	}
	return e
}

func (e *ndjsonEncoder) begin() error { return nil }

func (e *ndjsonEncoder) batch(rec arrow.RecordBatch) error {
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

func (e *ndjsonEncoder) end() error { return nil }

// fail tells a reader of lines what went wrong before the connection is cut.
func (e *ndjsonEncoder) fail(err *gwerr.Error) {
	e.w.Buf = e.w.Buf[:0]
	e.w.RawStr(`{"error":{"code":`)
	e.w.Str(string(err.Code))
	e.w.RawStr(`,"message":`)
	e.w.Str(err.Error())
	e.w.RawStr("}}\n")
	_ = e.drain() // the connection is cut in any case
}

func (e *ndjsonEncoder) drain() error {
	_, err := e.out.Write(e.w.Buf)
	e.w.Buf = e.w.Buf[:0]
	return err
}

// csvEncoder writes RFC 4180 with a header line. Null is an empty field.
type csvEncoder struct {
	out   *writer
	w     *csv.Writer
	names []string
}

func newCSV(out *writer, a *query.Answer) encoder {
	e := &csvEncoder{out: out, w: csv.NewWriter(out)}
	e.w.UseCRLF = true
	for _, c := range a.Columns {
		e.names = append(e.names, c.Name)
	}
	return e
}

func (e *csvEncoder) begin() error { return e.w.Write(e.names) }

func (e *csvEncoder) batch(rec arrow.RecordBatch) error {
	cells := cellsOf(rec)
	fields := make([]string, len(cells))
	for row := range int(rec.NumRows()) {
		for i := range cells {
			fields[i] = ""
			if !cells[i].Null(row) {
				fields[i] = cells[i].Text(row)
			}
		}
		if err := e.row(fields); err != nil {
			return err
		}
	}
	e.w.Flush()
	return e.w.Error()
}

// row writes one row. An empty field that stands alone gets quotes: readers
// skip empty lines, and the row would be missing.
func (e *csvEncoder) row(fields []string) error {
	if len(fields) != 1 || fields[0] != "" {
		return e.w.Write(fields)
	}
	e.w.Flush()
	if err := e.w.Error(); err != nil {
		return err
	}
	_, err := e.out.WriteString("\"\"\r\n")
	return err
}

func (e *csvEncoder) end() error {
	e.w.Flush()
	return e.w.Error()
}

// arrowEncoder writes the Arrow IPC streaming format.
type arrowEncoder struct {
	schema *arrow.Schema
	w      *ipc.Writer
}

func newArrow(out *writer, a *query.Answer) encoder {
	schema := oneUnit(a.Rows.Schema())
	return &arrowEncoder{schema: schema, w: ipc.NewWriter(out, ipc.WithSchema(schema))}
}

func (e *arrowEncoder) begin() error { return nil }

func (e *arrowEncoder) batch(rec arrow.RecordBatch) error {
	out := converted(rec, e.schema)
	defer out.Release()
	return e.w.Write(out)
}

func (e *arrowEncoder) end() error { return e.w.Close() }

func typeName(c query.Column) string {
	if c.SQLType != "" {
		return c.SQLType
	}
	return c.Type.SQL()
}
