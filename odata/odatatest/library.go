package odatatest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Row is a row of a table: one value for each column, nil, string, bool,
// int64, float64, time.Time or []string.
type Row []any

// Library is a catalog with one schema, "Main", and its rows by table.
type Library struct {
	Main *catalog.Schema
	Rows map[string][]Row
}

// ID returns a guid that is told apart by its number.
func ID(kind string, n int) string {
	prefix := map[string]string{"book": "b00c", "shelf": "5e1f"}[kind]
	return fmt.Sprintf("%s0000-0000-4000-8000-%012d", prefix, n)
}

// New returns a library with the given number of books.
func New(books int) *Library {
	l := &Library{Main: &catalog.Schema{Name: "Main", ID: "5c0e0000-0000-4000-8000-000000000001"}, Rows: map[string][]Row{}}
	l.Main.Tables = []*catalog.Table{bookTable(), shelfTable(), loanTable()}
	for _, t := range l.Main.Tables {
		t.Schema = l.Main
	}
	for n := range books {
		l.Rows["Books"] = append(l.Rows["Books"], book(n))
	}
	for n := range 3 {
		l.Rows["Shelves"] = append(l.Rows["Shelves"], Row{ID("shelf", n), fmt.Sprintf("Shelf %c", 'A'+n)})
	}
	for n := range min(books, 4) {
		for k := range n {
			l.Rows["Loans"] = append(l.Rows["Loans"], Row{ID("book", n), int64(k), fmt.Sprintf("Reader %d", k)})
		}
	}
	return l
}

func bookTable() *catalog.Table {
	return &catalog.Table{Name: "Books", Entity: "Book", Doc: "Books of the library", Columns: []catalog.Column{
		{Name: "Id", Type: catalog.GUID, Key: true, Required: true},
		{Name: "Title", Type: catalog.String, Required: true, MaxLength: 200},
		{Name: "Author", Type: catalog.String},
		{Name: "Pages", Type: catalog.Int32},
		{Name: "Sold", Type: catalog.Int64},
		{Name: "Price", Type: catalog.Float64},
		{Name: "InPrint", Type: catalog.Bool},
		{Name: "BoughtAt", Type: catalog.Timestamp},
		{Name: "Tags", Type: catalog.StringList},
		{Name: "Extra", Type: catalog.JSON},
		{Name: "Summary", Type: catalog.String},
		{Name: "ShelfId", Type: catalog.GUID, References: &catalog.Reference{
			Table: "Shelves", Column: "Id", Forward: "Shelf", Backward: "Books",
		}},
	}}
}

func shelfTable() *catalog.Table {
	return &catalog.Table{Name: "Shelves", Entity: "Shelf", Columns: []catalog.Column{
		{Name: "Id", Type: catalog.GUID, Key: true, Required: true},
		{Name: "Name", Type: catalog.String, Required: true},
	}}
}

func loanTable() *catalog.Table {
	return &catalog.Table{Name: "Loans", Entity: "Loan", Columns: []catalog.Column{
		{Name: "BookId", Type: catalog.GUID, Key: true, Required: true, References: &catalog.Reference{
			Table: "Books", Column: "Id", Forward: "Book", Backward: "Loans",
		}},
		{Name: "Number", Type: catalog.Int32, Key: true, Required: true},
		{Name: "Reader", Type: catalog.String},
	}}
}

var titles = []string{"Milk", "milk", "The Sørensen Papers", "O'Neil", "100% \"quoted\"", "", "Zürich 😀", "a_b", "  blank  "}

// book makes a row whose optional values are null in a regular pattern.
func book(n int) Row {
	r := Row{
		ID("book", n), titles[n%len(titles)], fmt.Sprintf("Author %d", n%5), int64(n % 7), int64(n) * 1_000_000_007,
		float64(n%9) / 4, n%2 == 0, time.UnixMilli(1704067200000 + int64(n)*86400000 + int64(n%3)).UTC(),
		[]string{"a", "b", "c"}[:n%4%3+n%2], fmt.Sprintf(`{"n":%d}`, n), nil, ID("shelf", n%3),
	}
	for i, every := range map[int]int{2: 4, 3: 5, 4: 6, 5: 7, 6: 3, 7: 8, 9: 2, 11: 10} {
		if n%every == every-1 {
			r[i] = nil
		}
	}
	return r
}

// Names lists the one schema.
func (l *Library) Names(context.Context) ([]catalog.SchemaName, error) {
	return []catalog.SchemaName{{Name: l.Main.Name, ID: l.Main.ID}}, nil
}

// Schema returns the schema by name or id, letter case ignored.
func (l *Library) Schema(_ context.Context, name string) (*catalog.Schema, error) {
	if strings.EqualFold(name, l.Main.Name) || strings.EqualFold(name, l.Main.ID) {
		return l.Main, nil
	}
	return nil, gwerr.Newf(gwerr.UnknownSchema, "There is no schema %q.", name)
}
