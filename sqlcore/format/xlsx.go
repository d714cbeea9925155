package format

import (
	"archive/zip"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/klauspost/compress/flate"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// Limits of Excel.
//
// Source: https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
const (
	maxSheetRows    = 1_048_576 // with the header
	maxSheetColumns = 16_384
	maxCellUnits    = 32_767 // of UTF-16
)

// sheetChunk is how much of a sheet is compressed at once.
const sheetChunk = 64 << 10

// xlsxWriter writes a workbook of one sheet, whose rows are a table. The sheet is
// compressed as rows come; the list of the archive's parts, without which nothing
// opens it, comes last.
//
// Source: ECMA-376 Part 1, sections 12.3 and 18.3 (SpreadsheetML).
type xlsxWriter struct {
	zip     *zip.Writer
	sheet   io.Writer
	style   cell.Style
	names   []string
	letters []string // of the columns: A, B, …
	rows    int      // written, with the header
	buf     []byte
}

func newXLSX(out io.Writer, o Options) (Writer, error) {
	if n := o.Schema.NumFields(); n > maxSheetColumns {
		return nil, gwerr.Newf(gwerr.LimitExceeded, "The result has %d columns; a sheet of Excel holds %d.", n, maxSheetColumns).WithHint("Select fewer columns, or ask for CSV.")
	}
	x := &xlsxWriter{zip: zip.NewWriter(out), style: o.Style, names: headers(o.Schema)}
	x.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for i := range x.names {
		x.letters = append(x.letters, letters(i))
	}
	for _, p := range bookParts(o.Title, len(x.names) > 0) {
		if err := x.part(p.name, p.text); err != nil {
			return nil, err
		}
	}
	var err error
	if x.sheet, err = x.zip.Create("xl/worksheets/sheet1.xml"); err != nil {
		return nil, err
	}
	x.buf = append(x.buf, sheetHead(o.Schema, x.names)...)
	x.header()
	return x, nil
}

func (x *xlsxWriter) part(name, text string) error {
	w, err := x.zip.Create(name)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	return err
}

// header writes the row of the columns' names.
func (x *xlsxWriter) header() {
	x.beginRow()
	for i, name := range x.names {
		x.beginCell(i, styleHeader)
		x.buf = append(x.buf, ` t="inlineStr"><is><t xml:space="preserve">`...)
		x.buf = append(appendXML(x.buf, name), "</t></is></c>"...)
	}
	x.buf = append(x.buf, "</row>\n"...)
}

func (x *xlsxWriter) beginRow() {
	x.rows++
	x.buf = append(x.buf, `<row r="`...)
	x.buf = append(strconv.AppendInt(x.buf, int64(x.rows), 10), `">`...)
}

func (x *xlsxWriter) beginCell(column int, style int64) {
	x.buf = append(append(x.buf, `<c r="`...), x.letters[column]...)
	x.buf = append(strconv.AppendInt(x.buf, int64(x.rows), 10), '"')
	if style != styleGeneral {
		x.buf = append(x.buf, ` s="`...)
		x.buf = append(strconv.AppendInt(x.buf, style, 10), '"')
	}
}

// Write implements Writer.
func (x *xlsxWriter) Write(batch arrow.RecordBatch) error {
	cells := make([]sheetColumn, len(x.names))
	for i := range cells {
		cells[i] = sheetColumn{cell.Of(batch.Column(i), x.style), numbersOf(batch.Column(i))}
	}
	for row := range int(batch.NumRows()) {
		if x.rows == maxSheetRows {
			return gwerr.Newf(gwerr.LimitExceeded, "The result has more than %d rows, which is all that a sheet of Excel holds.", maxSheetRows-1).
				WithHint("Narrow the query, or ask for CSV.")
		}
		x.beginRow()
		for i := range cells {
			if err := x.cell(i, &cells[i], row); err != nil {
				return err
			}
		}
		x.buf = append(x.buf, "</row>\n"...)
		if len(x.buf) >= sheetChunk {
			if err := x.drain(); err != nil {
				return err
			}
		}
	}
	return nil
}

// sheetColumn reads a column's cells as texts, or as numbers where it has any.
type sheetColumn struct {
	cell.Column
	numbers numbers
}

func (x *xlsxWriter) cell(i int, c *sheetColumn, row int) error {
	if c.Null(row) {
		return nil
	}
	if c.numbers.append != nil {
		start := len(x.buf)
		x.beginCell(i, c.numbers.style)
		x.buf = append(append(x.buf, c.numbers.kind...), "><v>"...)
		before := len(x.buf)
		if x.buf = c.numbers.append(x.buf, row); len(x.buf) > before {
			x.buf = append(x.buf, "</v></c>"...)
			return nil
		}
		x.buf = x.buf[:start]
	}
	text := c.Text(row)
	if len(text) > maxCellUnits && units(text) > maxCellUnits {
		return gwerr.Newf(gwerr.LimitExceeded, "The column %s has a text of %d characters in row %d; a cell of Excel holds %d.", x.names[i], units(text), x.rows, maxCellUnits).
			WithHint("Leave the column out or shorten it, as with left(…, 32767), or ask for CSV.")
	}
	x.beginCell(i, styleGeneral)
	x.buf = append(x.buf, ` t="inlineStr"><is><t xml:space="preserve">`...)
	x.buf = append(appendXML(x.buf, text), "</t></is></c>"...)
	return nil
}

// units counts a text as Excel does.
func units(s string) (n int) {
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

func (x *xlsxWriter) drain() error {
	_, err := x.sheet.Write(x.buf)
	x.buf = x.buf[:0]
	return err
}

// Close implements Writer. Its last part is the archive's list.
func (x *xlsxWriter) Close() error {
	x.buf = append(x.buf, "</sheetData>"...)
	if len(x.names) > 0 {
		x.buf = append(x.buf, `<tableParts count="1"><tablePart r:id="rId1"/></tableParts>`...)
	}
	x.buf = append(x.buf, "</worksheet>"...)
	if err := x.drain(); err != nil {
		return err
	}
	if len(x.names) > 0 {
		if err := x.part("xl/tables/table1.xml", x.table()); err != nil {
			return err
		}
	}
	return x.zip.Close()
}

// table declares the rows a table, which has at least one of them.
func (x *xlsxWriter) table() string {
	area := fmt.Sprintf("A1:%s%d", x.letters[len(x.letters)-1], max(2, x.rows))
	out := fmt.Appendf(nil, `%s<table xmlns="%s" id="1" name="%s" displayName="%s" ref="%s" totalsRowShown="0"><autoFilter ref="%s"/><tableColumns count="%d">`,
		xmlHead, mainNamespace, tableName, tableName, area, area, len(x.names))
	for i, name := range x.names {
		out = fmt.Appendf(out, `<tableColumn id="%d" name="`, i+1)
		out = append(appendXML(out, name), `"/>`...)
	}
	return string(append(out, `</tableColumns><tableStyleInfo name="TableStyleMedium2" showFirstColumn="0" showLastColumn="0" showRowStripes="1" showColumnStripes="0"/></table>`...))
}

// letters names a column as Excel does.
func letters(column int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}

const hexDigits = "0123456789ABCDEF"

// appendXML appends text to XML. Characters that XML hasn't are written as Excel
// does, _x000D_, and a text that looks so already keeps its form.
//
// Source: ECMA-376 Part 1, section 22.9.2.19 (ST_Xstring).
func appendXML(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		var with string
		switch {
		case r == '&':
			with = "&amp;"
		case r == '<':
			with = "&lt;"
		case r == '>':
			with = "&gt;"
		case r == '"':
			with = "&quot;"
		case r == utf8.RuneError && size == 1:
			with = "\uFFFD"
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			with = string([]byte{'_', 'x', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15], '_'})
		case r == '_' && escapes(s[i:]):
			with = "_x005F_"
		default:
			i += size
			continue
		}
		dst = append(append(dst, s[start:i]...), with...)
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

// escapes tells whether a text begins with what stands for another character.
func escapes(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(s[2:6], 16, 16)
	return err == nil
}
