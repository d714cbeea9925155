package sqlhttp_test

import (
	"net/http"
	"strings"
	"testing"
)

// A weight that is no number from 0 to 1 leaves its media type out.
//
// Source: RFC 9110, section 12.4.2.
func TestWeightsOfAccept(t *testing.T) {
	t.Parallel()
	url := serve(t, &querier{rows: &rows{}}).URL + "/sql"
	for accept, want := range map[string]string{
		"text/csv;q=0.9, application/json;q=0.5": "text/csv",
		"text/csv;q=Inf, application/json;q=0.5": "application/json",
		"text/csv;q=2, application/json;q=0.5":   "application/json",
		"text/csv;q=-1, application/json;q=0.5":  "application/json",
		"text/csv;q=NaN, application/json;q=0.5": "application/json",
		"text/csv;q=NaN":                         "",
		"text/csv;q=0":                           "",
	} {
		resp, _, err := post(t, url, accept, `{"query":"x"}`)
		if err != nil {
			t.Fatal(err)
		}
		if kind := resp.Header.Get("Content-Type"); want == "" && resp.StatusCode != http.StatusNotAcceptable || !strings.HasPrefix(kind, want) {
			t.Errorf("Accept: %s: %d %s", accept, resp.StatusCode, kind)
		}
	}
}
