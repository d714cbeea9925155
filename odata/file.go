package odata

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	files "github.com/pingone-gateway/gateway/sqlcore/format"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// fileKinds are files that a feed may be answered as: by their names in $format,
// and by their media types.
var fileKinds = []*files.Kind{&files.CSV, &files.XLSX}

// negotiateFile finds the file that the client likes better than JSON, if there
// is one.
func negotiateFile(accepted []mediaRange) *files.Kind {
	for _, r := range accepted {
		if r.any("application/json") || r.name == "application/json" {
			return nil
		}
		for _, k := range fileKinds {
			if r.name == k.Name || slices.Contains(k.Media, r.name) && r.fits(k) {
				return k
			}
		}
	}
	return nil
}

// fits tells whether files of the kind are what the range's parameters ask for: CSV is
// UTF-8, and its first line has the names. Files have no others.
//
// Source: OData 4.01 Part 1, section 8.2.1; RFC 7111, section 5.1 (text/csv).
func (r mediaRange) fits(k *files.Kind) bool {
	for name, value := range r.params {
		switch {
		case k == &files.CSV && name == "charset" && strings.EqualFold(value, "utf-8"):
		case k == &files.CSV && name == "header" && strings.EqualFold(value, "present"):
		default:
			return false
		}
	}
	return true
}

// asFile decides whether the resource is answered as a file, which feeds are.
func (q *request) asFile() error {
	k := negotiateFile(q.accepted)
	if k == nil || q.writes || q.resource.Kind != model.Feed || q.resource.Ref {
		return nil
	}
	if q.resource.Combines() && len(q.resource.Joined) > 0 {
		return gwerr.New(gwerr.NotImplemented, "A file of rows has no place for the entities of a $crossjoin.", "Name the properties, such as $apply=groupby((Users/Username,Groups/Name)).").On("$format")
	}
	if len(q.resource.Expand)+len(q.resource.Joined) > 0 {
		return gwerr.New(gwerr.NotImplemented, "A file of rows has no place for related entities.", "Leave $expand out, and ask for the related entities in a file of their own.").On("$expand")
	}
	if len(q.resource.Nested) > 0 {
		return gwerr.New(gwerr.NotImplemented, "A file of rows has no place for nested collections.", "Leave them out with $select, or ask for their rows in a file of their own, without nest.").On("$format")
	}
	if _, inBatch := q.w.(*watched); inBatch {
		return gwerr.New(gwerr.NotImplemented, "A batch holds no files.", "Ask for the feed in a request of its own.")
	}
	q.format, q.file, q.prefer = format{name: k.ContentType}, k, preferences{}
	return nil
}

// sendFile writes the whole feed as a file. From its first byte on an error breaks
// the answer off; what was written is no valid workbook then.
func (f *feed) sendFile(ctx context.Context, batch scan.Batch, done bool) error {
	out := bufio.NewWriterSize(fileBody{f}, writeBytes)
	w, err := f.file.New(out, files.Options{Schema: fileSchema(f.resource, batch.Record), Title: f.resource.Table.Name, Style: cell.Style{Infinity: "INF", Millis: true}})
	if err != nil && !done {
		batch.Record.Release()
	}
	for err == nil && !done {
		err = f.fileBatch(w, batch)
		if err == nil && f.started {
			_ = http.NewResponseController(f.w).Flush() // one that can't sends when its buffer is full
		}
		if err == nil {
			batch, err = firstRow(ctx, f.rows)
			if done = errors.Is(err, io.EOF); done {
				err = nil
			}
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		f.lateNotes()
		err = out.Flush()
	}
	f.request.rows = f.sent
	return err
}

// fileBatch writes the rows of a batch.
func (f *feed) fileBatch(w files.Writer, batch scan.Batch) error {
	defer batch.Record.Release()
	n := batch.Record.NumRows()
	if err := f.Returned(n); err != nil {
		return err
	}
	f.sent += n
	outputs := f.resource.Outputs()
	if len(outputs) == 0 {
		return w.Write(batch.Record)
	}
	columns := batch.Record.Columns()[:f.resource.Visible:f.resource.Visible]
	for i := range outputs {
		if !outputs[i].Hidden {
			columns = append(columns, batch.Record.Column(len(f.resource.Columns)+i))
		}
	}
	shown := array.NewRecordBatch(fileSchema(f.resource, batch.Record), columns, n)
	defer shown.Release()
	return w.Write(shown)
}

// fileBody sends the head before the first byte.
type fileBody struct{ f *feed }

// Write implements io.Writer.
func (b fileBody) Write(p []byte) (int, error) {
	if !b.f.started {
		b.f.w.Header().Set("Content-Disposition", `attachment; filename="`+b.f.resource.Table.Name+"."+b.f.file.Name+`"`)
		b.f.head(http.StatusOK, b.f.format.contentType(b.f.version))
	}
	return len(p), b.f.write(p)
}

// fileSchema are the columns that are answered. The types of computed ones are those
// in which they arrive.
func fileSchema(r *model.Resource, rows arrow.RecordBatch) *arrow.Schema {
	var fields []arrow.Field
	for _, i := range r.Columns[:r.Visible] {
		c := &r.Table.Columns[i]
		fields = append(fields, arrow.Field{Name: c.Name, Type: c.Type.Arrow(), Nullable: true})
	}
	for i, o := range r.Outputs() {
		typ := o.Type.Arrow()
		if rows != nil {
			typ = rows.Column(len(r.Columns) + i).DataType()
		}
		if !o.Hidden {
			fields = append(fields, arrow.Field{Name: o.Name, Type: typ, Nullable: true})
		}
	}
	return arrow.NewSchema(fields, nil)
}
