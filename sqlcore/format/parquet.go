package format

import (
	"errors"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/arrow/util"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

const (
	// groupRows and groupBytes end a row group, which is in memory until then.
	groupRows  = 122_880
	groupBytes = 32 << 20
)

// parquetWriter writes Parquet in row groups. Types that Parquet hasn't, such as
// intervals, are texts.
type parquetWriter struct {
	schema *arrow.Schema // of the file
	texts  []bool        // columns that are texts in the file only
	style  cell.Style
	out    *gate
	w      *pqarrow.FileWriter
	// rows and bytes of the row group.
	rows, bytes int64
}

func newParquet(out io.Writer, o Options) (Writer, error) {
	fields := renamed(oneUnit(o.Schema), distinct(o.Schema)).Fields()
	p := &parquetWriter{style: o.Style, texts: make([]bool, len(fields)), out: &gate{Writer: out, open: true}}
	for i := range fields {
		fields[i].Nullable = true
		if p.texts[i] = !inParquet(fields[i].Type); p.texts[i] {
			fields[i].Type = arrow.BinaryTypes.String
		}
	}
	p.schema = arrow.NewSchema(fields, nil)
	w, err := pqarrow.NewFileWriter(p.schema, p.out,
		parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithMaxRowGroupLength(math.MaxInt64)),
		pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	p.w = w
	return p, nil
}

// gate lets nothing through while it is shut: pqarrow ends the file when it
// can't write a batch, and it would look whole.
type gate struct {
	io.Writer
	open bool
}

// Write implements io.Writer.
func (g *gate) Write(b []byte) (int, error) {
	if !g.open {
		return 0, errors.New("format: a row group was written out of turn")
	}
	return g.Writer.Write(b)
}

// inParquet tells the types that readers of Parquet know.
func inParquet(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.BooleanType, *arrow.StringType, *arrow.LargeStringType, *arrow.BinaryType, *arrow.LargeBinaryType,
		*arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type, *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type,
		*arrow.Float32Type, *arrow.Float64Type, *arrow.Decimal128Type, *arrow.Date32Type, *arrow.Time64Type, *arrow.TimestampType:
		return true
	case *arrow.ListType:
		return inParquet(t.Elem())
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if !inParquet(f.Type) {
				return false
			}
		}
		return t.NumFields() > 0
	default:
		return false
	}
}

// Write implements Writer.
func (p *parquetWriter) Write(batch arrow.RecordBatch) error {
	rec := p.converted(batch)
	defer rec.Release()
	if p.rows >= groupRows || p.bytes >= groupBytes {
		p.rows, p.bytes = 0, 0
		if err := p.w.NewBufferedRowGroupChecked(); err != nil {
			return err
		}
	}
	p.rows += rec.NumRows()
	p.bytes += util.TotalRecordSize(rec)
	p.out.open = false
	if err := p.w.WriteBuffered(rec); err != nil {
		return err
	}
	p.out.open = true
	return nil
}

// converted gives the batch in the file's schema; the caller releases it.
func (p *parquetWriter) converted(batch arrow.RecordBatch) arrow.RecordBatch {
	columns := make([]arrow.Array, len(p.texts))
	for i, text := range p.texts {
		if text {
			columns[i] = asTexts(batch.Column(i), p.style)
		} else {
			columns[i] = inOneUnit(batch.Column(i))
		}
		defer columns[i].Release()
	}
	return array.NewRecordBatch(p.schema, columns, batch.NumRows())
}

func asTexts(a arrow.Array, style cell.Style) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	c := cell.Of(a, style)
	for row := range a.Len() {
		if c.Null(row) || a.DataType().ID() == arrow.NULL {
			b.AppendNull()
		} else {
			b.Append(c.Text(row))
		}
	}
	return b.NewArray()
}

// Close implements Writer.
func (p *parquetWriter) Close() error { return p.w.Close() }
