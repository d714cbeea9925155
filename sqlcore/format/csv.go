package format

import (
	"encoding/csv"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// csvWriter writes RFC 4180 with a header line. Null is an empty field.
type csvWriter struct {
	out    io.Writer
	w      *csv.Writer
	style  cell.Style
	fields []string
}

func newCSV(out io.Writer, o Options) (Writer, error) {
	c := &csvWriter{out: out, w: csv.NewWriter(out), style: o.Style}
	c.w.UseCRLF = true
	for _, f := range o.Schema.Fields() {
		c.fields = append(c.fields, f.Name)
	}
	return c, c.w.Write(c.fields)
}

// Write implements Writer.
func (c *csvWriter) Write(batch arrow.RecordBatch) error {
	cells := make([]cell.Column, len(c.fields))
	for i := range cells {
		cells[i] = cell.Of(batch.Column(i), c.style)
	}
	for row := range int(batch.NumRows()) {
		for i := range cells {
			c.fields[i] = ""
			if !cells[i].Null(row) {
				c.fields[i] = cells[i].Text(row)
			}
		}
		if err := c.row(); err != nil {
			return err
		}
	}
	return c.Close()
}

// row writes one row. An empty field that stands alone gets quotes: readers
// skip empty lines, and the row would be missing.
func (c *csvWriter) row() error {
	if len(c.fields) != 1 || c.fields[0] != "" {
		return c.w.Write(c.fields)
	}
	if err := c.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(c.out, "\"\"\r\n")
	return err
}

// Close implements Writer.
func (c *csvWriter) Close() error {
	c.w.Flush()
	return c.w.Error()
}
