package console_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/console"
)

func TestQueryPage(t *testing.T) {
	t.Parallel()
	page := &console.QueryPage{Site: &console.Site{}, Connections: []string{"pingone", "other"}}
	get := func(method, address string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		page.ServeHTTP(w, httptest.NewRequest(method, address, nil))
		return w
	}
	for _, c := range []struct {
		name, address string
		has           []string
	}{
		{"an example", "/console/query", []string{">SELECT p.Name AS Population", "<option selected>pingone</option>", `value="xlsx"`, `action="../sql"`}},
		{"a statement", "/console/query?sql=SELECT+%3C%2Ftextarea%3E%3Cscript%3E&connection=other", []string{">SELECT &lt;/textarea&gt;&lt;script&gt;</textarea>", "<option selected>other</option>"}},
		{"no such connection", "/console/query?connection=none", []string{"<option selected>pingone</option>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := get(http.MethodGet, c.address)
			assert.Equal(t, http.StatusOK, w.Code)
			for _, part := range c.has {
				assert.Contains(t, w.Body.String(), part)
			}
			assert.NotContains(t, w.Body.String(), "style=", "nothing inline")
			nonce := regexp.MustCompile(`data-nonce="(\w{20,})"`).FindStringSubmatch(w.Body.String())
			assert.Len(t, nonce, 2)
			assert.Contains(t, w.Header().Get("Content-Security-Policy"), "script-src 'self'; style-src 'self' 'nonce-"+nonce[1]+"';")
			assert.NotContains(t, get(http.MethodGet, c.address).Body.String(), nonce[1], "each page has its own")
		})
	}
	assert.Equal(t, http.StatusMethodNotAllowed, get(http.MethodPost, "/console/query").Code)
	alone := &console.QueryPage{Site: &console.Site{}, Connections: []string{"pingone"}}
	w := httptest.NewRecorder()
	alone.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/console/query", nil))
	assert.Contains(t, w.Body.String(), `<input type="hidden" name="connection" value="pingone">`)
	assert.NotContains(t, w.Body.String(), "<option>pingone")
}

// What the page loads is there, and is what it says; it fetches nothing from elsewhere.
func TestQueryAssets(t *testing.T) {
	t.Parallel()
	site := &console.Site{}
	page := httptest.NewRecorder()
	(&console.QueryPage{Site: site, Connections: []string{"pingone"}}).ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/console/query", nil))
	found := regexp.MustCompile(`(?:src|href|data-editor)="(/console/assets/[^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	names := []string{console.AssetPath + "rows.js", console.AssetPath + "chart.js"}
	for _, m := range found {
		names = append(names, m[1])
	}
	all := 0
	for _, name := range names {
		w := httptest.NewRecorder()
		site.Assets().ServeHTTP(w, httptest.NewRequest(http.MethodGet, name, nil))
		assert.Equal(t, http.StatusOK, w.Code, name)
		if file, _, _ := strings.Cut(name, "?"); !strings.HasSuffix(file, "/editor.js") {
			all += w.Body.Len()
			assert.NotRegexp(t, `\beval\(|new Function`, w.Body.String(), name)
		} else {
			assert.Less(t, w.Body.Len(), 420<<10, "132 KB as it is sent; docs/console.md says so")
		}
	}
	assert.GreaterOrEqual(t, len(names), 7)
	assert.Less(t, all+page.Body.Len(), 150<<10)
}
