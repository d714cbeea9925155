package exec_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

func TestExplanationAsText(t *testing.T) {
	t.Parallel()
	e := exec.Explanation{
		Engine: "duckdb", SQL: "SELECT *\n  FROM t", Notes: []string{"a\nnote"}, Changes: []scan.Call{{Method: "DELETE", Address: "books/{Id}", Note: "once for each row"}},
		Scans: []exec.ExplainedScan{
			{
				Table: "Books", Schema: "North", Alias: "b", Path: "list", Columns: []string{"Id", "Title"}, Pushed: "Title = 'x'", Residual: "Title = 'x'",
				KeysFrom: []string{"a.Id"}, Limit: 3, CountFrom: "the rows", EstimatedCalls: 2, EstimatedRows: 5,
				Calls: []scan.Call{{Method: "GET", Address: "books", Times: 2, Note: "one a page"}, {Method: "GET", Address: "shelves", Times: 1}},
			},
			{Table: "Books", Schema: "North", Alias: "Books"},
		},
	}
	assert.Equal(t, `Scan North.Books as b by path list
  columns: Id, Title
  pushed: Title = 'x'
  residual: Title = 'x'
  keys from: a.Id
  counted by: the rows
  limit: 3
  GET books, 2 times, one a page
  GET shelves
  estimate: calls 2, rows 5
Scan North.Books
Engine (duckdb): SELECT * FROM t
For each row:
  DELETE books/{Id}, once for each row
Note: a note`, strings.Join(e.Lines(), "\n"))
	assert.Equal(t, []string{"Nothing is read."}, (&exec.Explanation{Engine: "none"}).Lines())
}
