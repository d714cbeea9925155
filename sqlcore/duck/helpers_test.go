//go:build duckdb_arrow

package duck_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// A library's catalog: members borrow books from branches.

const (
	townID = "3a1f0c7e-0000-4000-8000-000000000001"
	quayID = "3a1f0c7e-0000-4000-8000-000000000002"
)

func column(name string, t catalog.Type) catalog.Column { return catalog.Column{Name: name, Type: t} }

func key(name string, t catalog.Type) catalog.Column {
	return catalog.Column{Name: name, Type: t, Key: true, Required: true}
}

func librarySchema(name, id string) *catalog.Schema {
	s := &catalog.Schema{Name: name, ID: id}
	add := func(name string, columns ...catalog.Column) {
		s.Tables = append(s.Tables, &catalog.Table{Name: name, Schema: s, Columns: columns})
	}
	add("Members",
		key("Id", catalog.GUID), column("Name", catalog.String), column("Email", catalog.String),
		column("Active", catalog.Bool), column("Joined", catalog.Timestamp), column("BranchId", catalog.GUID),
		column("Age", catalog.Int32), column("Points", catalog.Int64), column("Balance", catalog.Float64),
		column("Notes", catalog.JSON), column("Tags", catalog.StringList), column("Portrait", catalog.String))
	add("Branches", key("Id", catalog.GUID), column("Name", catalog.String), column("City", catalog.String), column("MemberCount", catalog.Int32))
	add("Loans", key("MemberId", catalog.GUID), key("BookId", catalog.String), column("Due", catalog.Timestamp), column("BranchId", catalog.GUID))
	add("Visits", column("MemberId", catalog.GUID), column("At", catalog.Timestamp))
	return s
}

type library struct {
	schemas []*catalog.Schema
}

func newLibrary() *library {
	return &library{schemas: []*catalog.Schema{
		librarySchema("Information", ""), librarySchema("Town", townID), librarySchema("Old Quay Zürich", quayID),
	}}
}

func (l *library) Names(context.Context) ([]catalog.SchemaName, error) {
	var out []catalog.SchemaName
	for _, s := range l.schemas {
		out = append(out, catalog.SchemaName{Name: s.Name, ID: s.ID})
	}
	return out, nil
}

func (l *library) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	for _, s := range l.schemas {
		if strings.EqualFold(s.Name, name) || s.ID != "" && strings.EqualFold(s.ID, name) {
			return s, nil
		}
	}
	return nil, gwerr.New(gwerr.UnknownSchema, "No schema "+name+".", "")
}

func (l *library) Default() string { return "Town" }

func (l *library) table(t testing.TB, name string) *catalog.Table {
	t.Helper()
	table, ok := l.schemas[1].Table(name)
	if !ok {
		t.Fatalf("no table %s", name)
	}
	return table
}

func open(t testing.TB, change ...func(*duck.Config)) *duck.Engine {
	t.Helper()
	cfg := duck.Config{MemoryLimit: 256 << 20, TempDir: t.TempDir(), Threads: 2}
	for _, c := range change {
		c(&cfg)
	}
	e, err := duck.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func request(sql string) duck.BindRequest {
	return duck.BindRequest{SQL: sql, Catalogs: []string{"library", "CData"}, Provider: newLibrary()}
}

// rows are a table's rows by column name; a missing one is null.
type rows []map[string]any

// record makes an Arrow record of the columns.
func record(t *catalog.Table, columns []int, list rows) arrow.RecordBatch {
	values := make([][]any, len(list))
	for i, row := range list {
		for _, c := range columns {
			v := row[t.Columns[c].Name]
			if n, ok := v.(int); ok {
				v = int64(n)
			}
			values[i] = append(values[i], v)
		}
	}
	rec, err := cell.Record(t.ArrowSchema(columns), values)
	if err != nil {
		panic(err)
	}
	return rec
}

func input(t *catalog.Table, once bool, list rows) query.Input {
	var all []int
	for i := range t.Columns {
		all = append(all, i)
	}
	return query.Input{Table: t, Columns: all, Once: once, Rows: scan.Of(scan.Batch{Record: record(t, all, list)})}
}

// collect reads a result as lines of values.
func collect(ctx context.Context, b scan.Batches) (lines []string, err error) {
	defer b.Close()
	for {
		batch, err := b.Next(ctx)
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		lines = append(lines, recordLines(batch.Record)...)
		batch.Record.Release()
	}
}

func recordLines(rec arrow.RecordBatch) []string {
	var out []string
	for i := range int(rec.NumRows()) {
		var cells []string
		for _, c := range rec.Columns() {
			if c.IsNull(i) {
				cells = append(cells, "NULL")
			} else {
				cells = append(cells, strings.Clone(c.ValueStr(i)))
			}
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out
}
