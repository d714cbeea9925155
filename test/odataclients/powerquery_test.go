//go:build duckdb_arrow

package odataclients

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mashup sends what Excel's and Power BI's own engine does, in its order.
type mashup struct {
	t    *testing.T
	root string
}

type feed struct {
	Context string           `json:"@odata.context"`
	Value   []map[string]any `json:"value"`
	Next    string           `json:"@odata.nextLink"`
}

func (m mashup) get(address string) string {
	m.t.Helper()
	if !strings.HasPrefix(address, "http") {
		address = m.root + address
	}
	r, err := http.NewRequestWithContext(m.t.Context(), http.MethodGet, address, nil)
	require.NoError(m.t, err)
	for name, value := range map[string]string{
		"Accept": "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9," +
			"application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7",
		"OData-MaxVersion": "4.0", "MaxDataServiceVersion": "3.0",
		"User-Agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
	} {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(m.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(m.t, err)
	require.Equal(m.t, http.StatusOK, resp.StatusCode, "%s: %s", address, body)
	require.Equal(m.t, []string{"4.0"}, resp.Header.Values("OData-Version"), address)
	return string(body)
}

func (m mashup) feed(address string) feed {
	m.t.Helper()
	body := m.get(address)
	require.True(m.t, strings.HasPrefix(body, `{"@odata.context":"`+m.root+`$metadata#`), "%.200s", body)
	var f feed
	require.NoError(m.t, json.Unmarshal([]byte(body), &f))
	return f
}

// TestPowerQuery goes the way of "From OData Feed": the service, the model, a preview,
// a filtered table, all pages, and related rows one by one.
func TestPowerQuery(t *testing.T) {
	t.Parallel()
	m := mashup{t, root(t)}
	assert.Contains(t, m.get(""), `{"name":"Users","kind":"EntitySet","url":"Users"}`)
	assert.Contains(t, m.get("$metadata"), `<edmx:Edmx Version="4.0"`)

	preview := m.feed("Users?$top=1000")
	require.NotEmpty(t, preview.Value)
	assert.Empty(t, preview.Next)
	for _, row := range preview.Value {
		assert.Len(t, row, len(preview.Value[0]), "each row has every property")
	}
	enabled := m.feed("Users?$filter=" + url.PathEscape("IsEnabled eq true and CreatedAt ge 2010-01-01T00:00:00Z and CreatedAt lt 2040-01-01T00:00:00Z") + "&$select=Id%2CUsername")
	assert.Equal(t, m.root+"$metadata#Users(Id,Username)", enabled.Context)
	seen := map[any]bool{}
	for page := m.feed("Users?$orderby=Id&$select=Id&$skip=0&$top=7"); len(page.Value) > 0; {
		for _, row := range page.Value {
			assert.False(t, seen[row["Id"]], "a row comes once")
			seen[row["Id"]] = true
		}
		page = m.feed("Users?$orderby=Id&$select=Id&$skip=" + strconv.Itoa(len(seen)) + "&$top=7")
	}
	assert.Len(t, seen, len(preview.Value))
	for _, row := range preview.Value[:3] {
		id, _ := row["Id"].(string)
		m.get("Users(" + id + ")/Population")
		m.feed("Users(" + id + ")/Groups")
	}
}
