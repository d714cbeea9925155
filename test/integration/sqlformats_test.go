//go:build duckdb_arrow

package integration

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	cells "github.com/pingone-gateway/gateway/sqlcore/cell"
)

// everyType has a value of each type that the engine gives, and a row of nulls.
const everyType = `SELECT * FROM (VALUES (1::TINYINT, 2::SMALLINT, 3::INTEGER, 9007199254740993::BIGINT, 99999999999999999999::HUGEINT,
  200::UTINYINT, 4000000000::UINTEGER, 18446744073709551615::UBIGINT, 1.5::FLOAT, 0.1::DOUBLE, 'nan'::DOUBLE, 12.30::DECIMAL(10,2), true, 'x=1',
  DATE '2024-02-29', TIME '12:34:56.789', TIMESTAMP '2024-02-29 12:34:56.789', TIMESTAMPTZ '2024-02-29 12:34:56.789+00', ['a', NULL], {'a': 1},
  INTERVAL 3 DAY, DATE '0001-01-01', TIMESTAMP_S '2024-02-29 12:34:56', map {'k': 1}, 'a'::ENUM('a', 'b')))
  t(a1, a2, a3, a4, a5, a6, a7, a8, a9, b1, b2, b3, b4, b5, b6, b7, b8, b9, c1, c2, c3, c4, c5, c6, c7)
UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`

// grid is the text of each cell, "" for null, row by row.
type grid [][]string

// read gets an answer in a format and reads it with somebody else's library,
// where there is one.
func read(t *testing.T, web *testkit.Web, format, sql string) (types []string, rows grid) {
	t.Helper()
	answer := fetch(t.Context(), http.MethodGet, web.URL+"/sql?format="+format+"&query="+url.QueryEscape(sql), "", "")
	require.NoError(t, answer.err)
	require.Equal(t, http.StatusOK, answer.status, answer.body)
	raw := []byte(answer.body)
	switch format {
	case "json":
		return readJSON(t, raw)
	case "csv":
		all, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
		require.NoError(t, err)
		return nil, all[1:]
	case "arrow":
		r, err := ipc.NewReader(bytes.NewReader(raw))
		require.NoError(t, err)
		for r.Next() {
			rec := r.RecordBatch()
			for row := range int(rec.NumRows()) {
				rows = append(rows, nil)
				for i := range int(rec.NumCols()) {
					rows[len(rows)-1] = append(rows[len(rows)-1], plainText(cells.Of(rec.Column(i), cells.Style{Infinity: "Infinity"}), row))
				}
			}
		}
		require.NoError(t, r.Err())
	case "parquet":
		p, err := file.NewParquetReader(bytes.NewReader(raw))
		require.NoError(t, err)
		r, err := pqarrow.NewFileReader(p, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		require.NoError(t, err)
		table, err := r.ReadTable(t.Context())
		require.NoError(t, err)
		rows = make(grid, table.NumRows())
		for i := range int(table.NumCols()) {
			at := 0
			for _, chunk := range table.Column(i).Data().Chunks() {
				for row := range chunk.Len() {
					rows[at] = append(rows[at], plainText(cells.Of(chunk, cells.Style{Infinity: "Infinity"}), row))
					at++
				}
			}
		}
	case "xlsx":
		f, err := excelize.OpenReader(bytes.NewReader(raw))
		require.NoError(t, err)
		defer f.Close()
		rows, err = f.GetRows("Rows", excelize.Options{RawCellValue: true})
		require.NoError(t, err)
		return nil, rows[1:]
	}
	return nil, rows
}

func plainText(c cells.Column, row int) string {
	if c.Null(row) {
		return ""
	}
	return c.Text(row)
}

func readJSON(t *testing.T, raw []byte) (types []string, rows grid) {
	t.Helper()
	var a struct {
		Columns []struct{ Type string }
		Rows    [][]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(raw, &a))
	for _, c := range a.Columns {
		types = append(types, c.Type)
	}
	for _, r := range a.Rows {
		var row []string
		for _, v := range r {
			s := string(v)
			if s == "null" {
				s = ""
			} else if strings.HasPrefix(s, `"`) {
				require.NoError(t, json.Unmarshal(v, &s))
			}
			row = append(row, s)
		}
		rows = append(rows, row)
	}
	return types, rows
}

// shown is a value of a sheet as JSON has it.
func shown(t *testing.T, kind, value, want string) string {
	t.Helper()
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || value == want {
		return value
	}
	at := time.UnixMilli(int64((n-25569)*86400e3 + 0.5)).UTC()
	switch kind {
	case "BOOLEAN":
		return map[string]string{"1": "true", "0": "false"}[value]
	case "DATE":
		return at.Format(time.DateOnly)
	case "TIME":
		return time.UnixMilli(int64(n*86400e3 + 0.5)).UTC().Format("15:04:05.000")
	case "TIMESTAMP", "TIMESTAMP_S":
		return at.Format("2006-01-02T15:04:05.000")
	case "TIMESTAMPTZ":
		return at.Format("2006-01-02T15:04:05.000Z")
	}
	if m, err := strconv.ParseFloat(want, 64); err == nil && m == n {
		return want
	}
	return value
}

// Every format has the rows of JSON, in each type.
func TestEveryFormatHasTheSameRows(t *testing.T) {
	t.Parallel()
	web := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}}).Serve(t, testkit.WebOptions{})
	for name, sql := range map[string]string{
		"every type": everyType, "users": "FROM Users ORDER BY Id", "no rows": "SELECT Id, CreatedAt FROM Users WHERE Id IS NULL",
	} {
		types, want := read(t, web, "json", sql)
		for _, format := range []string{"csv", "arrow", "parquet", "xlsx"} {
			t.Run(name+" as "+format, func(t *testing.T) {
				_, got := read(t, web, format, sql)
				for len(got) < len(want) && format == "xlsx" { // rows of nulls at the end have no cells
					got = append(got, nil)
				}
				require.Len(t, got, len(want))
				for row := range want {
					for i := range want[row] {
						value := ""
						if i < len(got[row]) {
							value = got[row][i]
						}
						if format == "xlsx" {
							value = shown(t, types[i], value, want[row][i])
						}
						assert.Equal(t, want[row][i], value, "row %d, column %d of type %s", row, i, types[i])
					}
				}
			})
		}
	}
}
