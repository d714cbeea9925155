//go:build duckdb_arrow

package walks

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

var update = flag.Bool("update", false, "make docs/images/walk.gif anew, of the analyst's walk")

// An analyst has the address that the demo prints, a browser, and no documentation: finds
// Users, filters contractors, copies the feed's address, runs a join, sees its calls and
// takes a workbook along.
func TestTheAnalystsWalk(t *testing.T) {
	t.Parallel()
	modules := filepath.Join(testkit.Installed(t, "browser"), "node_modules")
	chromium, node := testkit.Program(t, "chromium-headless-shell", "chromium"), testkit.Program(t, "node")
	d := startDemo(t)
	args := []string{"analyst.cjs", chromium, d.page, t.TempDir()}
	if *update {
		args = append(args, t.TempDir())
	}
	walk := exec.CommandContext(t.Context(), node, args...)
	walk.Env = append(os.Environ(), "NODE_PATH="+modules)
	var trouble bytes.Buffer
	walk.Stderr = &trouble
	out, err := walk.Output()
	require.NoError(t, err, trouble.String())
	var met struct {
		Home, Columns, Address         string
		Tables, Kinds, Calls, Problems []string
		Join                           [][]string
	}
	require.NoError(t, json.Unmarshal(out, &met), string(out))

	assert.Equal(t, d.page+"odata/pingone/", met.Home, "the printed address leads to the first page")
	assert.Equal(t, []string{"Users"}, met.Tables, "a word of its meaning finds the table")
	assert.Regexp(t, `^\d+ columns`, met.Columns)
	assert.Equal(t, []string{"Contractor"}, met.Kinds, "every row is one")
	assert.Equal(t, d.page+"odata/pingone/Administrators/Users?$filter=EmployeeType%20eq%20'Contractor'", met.Address)
	contractors := rowsOfFeed(t, met.Address)
	joined := 0
	for _, row := range met.Join {
		require.Len(t, row, 2)
		n, err := strconv.Atoi(row[1])
		require.NoError(t, err)
		joined += n
	}
	assert.Equal(t, contractors, joined, "the join counts by population what the feed holds")
	assert.NotEmpty(t, met.Calls)
	for _, call := range met.Calls {
		assert.True(t, strings.HasPrefix(call, "GET environments/"), call)
	}
	book, err := excelize.OpenFile(filepath.Join(args[3], "query.xlsx"))
	require.NoError(t, err)
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0))
	require.NoError(t, err)
	assert.Equal(t, append([][]string{{"Population", "Contractors"}}, met.Join...), rows)
	assert.Empty(t, met.Problems, "nothing went wrong in the browser")
	if *update {
		animate(t, args[4], filepath.Join("..", "..", "docs", "images", "walk.gif"))
	}
}

// rowsOfFeed reads a feed as Excel does, by its next links, and counts its rows.
func rowsOfFeed(t *testing.T, address string) (rows int) {
	t.Helper()
	for address != "" {
		status, _, text := ask(t, http.MethodGet, address, "", "Accept", "application/json;odata.metadata=minimal", "OData-MaxVersion", "4.0")
		require.Equal(t, http.StatusOK, status, text)
		var page struct {
			Value []json.RawMessage
			Next  string `json:"@odata.nextLink"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &page))
		rows, address = rows+len(page.Value), page.Next
	}
	return rows
}
