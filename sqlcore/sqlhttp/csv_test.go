package sqlhttp_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// oneColumn answers a single column of text.
type oneColumn struct{ json string }

func (o oneColumn) SQL(context.Context, query.Statement) (*query.Answer, error) {
	s := arrow.NewSchema([]arrow.Field{{Name: "Email", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, s, strings.NewReader(o.json))
	if err != nil {
		return nil, err
	}
	return &query.Answer{Columns: []query.Column{{Name: "Email", Type: catalog.String}}, Rows: &rows{batches: []arrow.RecordBatch{rec}}}, nil
}

func (o oneColumn) End(error) {}

func (o oneColumn) Explain(context.Context, query.Statement) (any, error) { return nil, nil }

var _ scan.Rows = (*rows)(nil)

// Readers of CSV skip empty lines, so a null that stands alone is quoted.
func TestCSVKeepsRowsOfOneNull(t *testing.T) {
	t.Parallel()
	h := sqlhttp.New(sqlhttp.Config{Begin: func(ctx context.Context, _, _ string) (context.Context, sqlhttp.Request, error) {
		return ctx, oneColumn{`[{"Email":"a"},{"Email":null},{"Email":""},{"Email":"b"}]`}, nil
	}})
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/sql?format=csv&query=x", nil)
	h.Query(w, r)
	if want := "Email\r\na\r\n\"\"\r\n\"\"\r\nb\r\n"; w.Body.String() != want {
		t.Errorf("got %q, want %q", w.Body, want)
	}
}
