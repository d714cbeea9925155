package format

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// csvChunk is how much of a file is handed on at once.
const csvChunk = 64 << 10

// csvWriter writes RFC 4180 with a header line. Null is an empty field, and an empty
// text has quotes. Line breaks within a text stay as they are, which encoding/csv
// doesn't do where lines end as RFC 4180 wants it.
type csvWriter struct {
	out     io.Writer
	style   cell.Style
	columns int
	buf     []byte
}

func newCSV(out io.Writer, o Options) (Writer, error) {
	c := &csvWriter{out: out, style: o.Style, columns: o.Schema.NumFields()}
	for i, f := range o.Schema.Fields() {
		c.field(i, f.Name, false)
	}
	c.endLine()
	return c, nil
}

// Write implements Writer.
func (c *csvWriter) Write(batch arrow.RecordBatch) error {
	cells := make([]cell.Column, c.columns)
	for i := range cells {
		cells[i] = cell.Of(batch.Column(i), c.style)
	}
	for row := range int(batch.NumRows()) {
		for i := range cells {
			if cells[i].Null(row) {
				c.field(i, "", true)
			} else {
				c.field(i, cells[i].Text(row), false)
			}
		}
		c.endLine()
		if len(c.buf) >= csvChunk {
			if err := c.Close(); err != nil {
				return err
			}
		}
	}
	return c.Close()
}

// field writes a field, and the comma before it. One that stands alone in its line
// has quotes even if it is null: readers skip empty lines, and the row would be missing.
func (c *csvWriter) field(i int, text string, null bool) {
	if i > 0 {
		c.buf = append(c.buf, ',')
	}
	switch {
	case null && c.columns > 1:
	case !quotesNeeded(text):
		c.buf = append(c.buf, text...)
	default:
		c.buf = append(append(append(c.buf, '"'), strings.ReplaceAll(text, `"`, `""`)...), '"')
	}
}

func (c *csvWriter) endLine() { c.buf = append(c.buf, '\r', '\n') }

// quotesNeeded tells whether a text is another one, or none, to a reader without quotes
// around it: some take blanks off, and PostgreSQL a \. for the end.
func quotesNeeded(text string) bool {
	if text == "" || text == `\.` || strings.ContainsAny(text, ",\"\r\n") {
		return true
	}
	first, _ := utf8.DecodeRuneInString(text)
	return unicode.IsSpace(first)
}

// Close implements Writer.
func (c *csvWriter) Close() error {
	_, err := c.out.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}
