package odata_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

const sheetMedia = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// table reads a file's cells, with the header.
func table(t *testing.T, r reply) [][]string {
	t.Helper()
	require.NoError(t, r.Err)
	require.Equal(t, http.StatusOK, r.Status, r.Body)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "text/csv") {
		rows, err := csv.NewReader(strings.NewReader(r.Body)).ReadAll()
		require.NoError(t, err)
		return rows
	}
	f, err := excelize.OpenReader(strings.NewReader(r.Body))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	rows, err := f.GetRows("Books")
	require.NoError(t, err)
	return rows
}

func TestFeedsAreFiles(t *testing.T) {
	t.Parallel()
	s := start(t, 60, paged(7))
	for name, c := range map[string]struct {
		query  string
		header []string
		kind   string
		rows   int
	}{
		"csv by option":              {"$format=csv&$select=Id,Title", nil, "text/csv; charset=utf-8", 60},
		"csv by media type":          {"$format=text/csv&$select=Id,Title", nil, "text/csv; charset=utf-8", 60},
		"csv by header":              {"$select=Id,Title", []string{"Accept", "text/csv"}, "text/csv; charset=utf-8", 60},
		"a workbook by option":       {"$format=xlsx&$select=Id,Title", nil, sheetMedia, 60},
		"a workbook by header":       {"$select=Id,Title", []string{"Accept", sheetMedia + ", application/json;q=0.1"}, sheetMedia, 60},
		"no pages are preferred":     {"$format=csv&$select=Id,Title", []string{"Prefer", "odata.maxpagesize=5"}, "text/csv; charset=utf-8", 60},
		"some of the rows":           {"$format=xlsx&$select=Id,Title&$skip=10&$top=20", nil, sheetMedia, 20},
		"none":                       {"$format=xlsx&$select=Id,Title&$filter=Pages lt 0", nil, sheetMedia, 0},
		"a count that has no place":  {"$format=csv&$select=Id,Title&$count=true", nil, "text/csv; charset=utf-8", 60},
		"the option before the head": {"$format=csv&$select=Id,Title", []string{"Accept", "application/json"}, "text/csv; charset=utf-8", 60},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.get("Books?"+c.query, c.header...)
			rows := table(t, r)
			assert.Equal(t, c.kind, r.Header.Get("Content-Type"))
			assert.Contains(t, r.Header.Get("Content-Disposition"), "Books.")
			assert.Empty(t, r.Header.Get("Preference-Applied"))
			require.Len(t, rows, c.rows+1)
			assert.Equal(t, []string{"Id", "Title"}, rows[0])
		})
	}
}

// Every value of a file is that of the feed.
func TestFilesHaveTheFeedsValues(t *testing.T) {
	t.Parallel()
	s := start(t, 40)
	want, _ := s.all("Books")
	for _, kind := range []string{"csv", "xlsx"} {
		rows := table(t, s.get("Books?$format="+kind))
		require.Len(t, rows, 41)
		for i, name := range rows[0] {
			for row, value := range want {
				text := ""
				if i < len(rows[row+1]) { // empty cells at the end are left out
					text = rows[row+1][i]
				}
				switch v := value[name].(type) {
				case nil:
					assert.Empty(t, text, "%s %s", kind, name)
				case string:
					if kind == "xlsx" && strings.HasSuffix(v, "Z") {
						v = strings.Replace(strings.Split(v, ".")[0], "T", " ", 1)
					}
					assert.Equal(t, v, text, "%s %s", kind, name)
				case bool:
					assert.Equal(t, fmt.Sprint(v), strings.ToLower(text), "%s %s", kind, name)
				case float64:
					n, err := strconv.ParseFloat(text, 64)
					require.NoError(t, err)
					assert.InDelta(t, v, n, 0, "%s %s", kind, name)
				}
			}
		}
	}
}

func TestWhatIsNoFile(t *testing.T) {
	t.Parallel()
	s := start(t, 5)
	s.refused(http.StatusNotImplemented, "Books?$format=csv&$expand=*")
	s.refused(http.StatusNotAcceptable, "Books("+odatatest.ID("book", 1)+")?$format=csv")
	s.refused(http.StatusNotAcceptable, "?$format=xlsx")
	s.refused(http.StatusNotFound, "Nothing?$format=xlsx")
	r := s.do(http.MethodPost, "$batch", http.Header{"Content-Type": {"application/json"}},
		`{"requests":[{"id":"1","method":"GET","url":"Books?$format=xlsx"}]}`)
	assert.Contains(t, r.Body, `"status":501`)
	head := s.do(http.MethodHead, "Books?$format=xlsx", nil, "")
	assert.Equal(t, sheetMedia, head.Header.Get("Content-Type"))
}

// A file that breaks off is no workbook, and its download fails.
func TestAFileBreaksOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		books, after int
		status       int // 0 for a break
	}{
		"before the first row": {50, 0, http.StatusBadGateway},
		"in the middle":        {14_000, 1_500, 0},
	} {
		for _, kind := range []string{"csv", "xlsx"} {
			t.Run(name+" of "+kind, func(t *testing.T) {
				t.Parallel()
				s := start(t, c.books, func(_ *odata.Config, e *odatatest.Executor) {
					e.FailAfter, e.Err = c.after, gwerr.New(gwerr.UpstreamFailed, "Lost.", "")
				})
				r := s.get("Books?$format=" + kind)
				if c.status != 0 {
					assert.Equal(t, c.status, r.Status)
					assert.Empty(t, r.Header.Get("Content-Disposition"))
					return
				}
				require.Error(t, r.Err, "%d", r.Status)
				if kind == "xlsx" {
					_, err := excelize.OpenReader(strings.NewReader(r.Body))
					require.Error(t, err)
				}
			})
		}
	}
}
