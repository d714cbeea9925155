// Package format writes Arrow batches as files: CSV, XLSX, Parquet, and the Arrow
// stream. It is the same for every front end, knows neither queries nor HTTP, and
// keeps no more than a batch, or a Parquet row group, in memory.
package format

import (
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// Writer writes batches of rows to a file. After an error the file is broken.
type Writer interface {
	// Write appends the rows of a batch, whose first columns are those of the
	// schema. It does not keep the batch.
	Write(batch arrow.RecordBatch) error
	// Close ends the file, and nothing else. A file that is not ended can't be
	// opened, except for CSV, which has no end.
	Close() error
}

// Options describe a file.
type Options struct {
	// Schema has the names and types of the columns.
	Schema *arrow.Schema
	// Style is how cells are written that are texts in the file.
	Style cell.Style
	// Title names the sheet of a workbook; "" means Rows.
	Title string
}

// Kind is a file format.
type Kind struct {
	// Name is its name in addresses, and a file's extension.
	Name, ContentType string
	// Media are the media types by which it is asked for.
	Media []string
	// New begins a file. Errors are gwerr.LimitExceeded where the format can't
	// hold the columns, and those of out.
	New func(out io.Writer, o Options) (Writer, error)
}

// The file formats.
var (
	CSV  = Kind{"csv", "text/csv; charset=utf-8", []string{"text/csv"}, newCSV}
	XLSX = Kind{"xlsx", xlsxMedia, []string{xlsxMedia}, newXLSX}
	// Parquet has had a media type since 2024.
	//
	// Source: https://www.iana.org/assignments/media-types/application/vnd.apache.parquet
	Parquet = Kind{"parquet", "application/vnd.apache.parquet", []string{"application/vnd.apache.parquet", "application/x-parquet"}, newParquet}
	Arrow   = Kind{"arrow", "application/vnd.apache.arrow.stream", []string{"application/vnd.apache.arrow.stream"}, newArrow}
)

const xlsxMedia = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// distinct makes names differ in more than case, as tables of Excel and most
// readers of Parquet want it, and gives those without a name one.
func distinct(schema *arrow.Schema) []string {
	names := make([]string, schema.NumFields())
	taken := map[string]bool{}
	for i, f := range schema.Fields() {
		names[i] = f.Name
		for n := 2; names[i] == "" || taken[strings.ToLower(names[i])]; n++ {
			names[i] = strings.TrimPrefix(f.Name+"_"+strconv.Itoa(n), "_")
			if f.Name == "" {
				names[i] = "Column" + strconv.Itoa(i+n-1)
			}
		}
		taken[strings.ToLower(names[i])] = true
	}
	return names
}

// renamed is the schema with other names.
func renamed(schema *arrow.Schema, names []string) *arrow.Schema {
	fields := schema.Fields()
	for i := range fields {
		fields[i].Name = names[i]
	}
	return arrow.NewSchema(fields, nil)
}
