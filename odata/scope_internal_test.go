package odata

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// TestScopesDiffer: no two addresses or callers share the seal of a next link.
func TestScopesDiffer(t *testing.T) {
	t.Parallel()
	type address struct{ caller, schemaID, schema, path, query string }
	scope := func(a address) string {
		h := &Handler{cfg: Config{Prefix: "/odata/lib/", Caller: func(context.Context) string { return a.caller }}}
		q := &request{h: h, r: httptest.NewRequest("GET", "/", nil), schema: &catalog.Schema{ID: a.schemaID, Name: a.schema}, rest: a.path, query: a.query}
		return q.scope()
	}
	for name, pair := range map[string][2]address{
		"two options, and one with NUL": {{"a", "1", "Main", "Books", "$filter=x&$top=1"}, {"a", "1", "Main", "Books", "$filter=x%00$top=1"}},
		"an option, and a longer path":  {{"a", "1", "Main", "Books", "$top=1"}, {"a", "1", "Main", "Books%00$top=1", ""}},
		"NUL in a schema's id":          {{"a", "1", "Main", "Books", ""}, {"a", "1\x00Main", "Books", "", ""}},
		"order of options":              {{"a", "1", "Main", "Books", "$top=1&$skip=2"}, {"a", "1", "Main", "Books", "$skip=2&$top=1"}},
		"another caller":                {{"a", "1", "Main", "Books", ""}, {"b", "1", "Main", "Books", ""}},
	} {
		if scope(pair[0]) == scope(pair[1]) {
			t.Errorf("%s: one scope", name)
		}
	}
	same := address{"a", "1", "Main", "Books", "$filter=a eq 'b'"}
	encoded := same
	encoded.query = "%24filter=a+eq%20%27b%27&key=secret&$skiptoken=x"
	if scope(same) != scope(encoded) {
		t.Error("the same address in another encoding has another scope")
	}
	s := signer{keys: [][]byte{[]byte("a key of the tests")}, lifetime: time.Hour}
	now := time.Unix(1_700_000_000, 0)
	token := s.seal(continuation{Issued: now}, scope(same))
	if _, err := s.open(token, scope(encoded), now); err != nil {
		t.Error(err)
	}
	// The border between a token's body and its scope stands fast too.
	body, rest := []byte{tokenVersion, 1, 2}, "ab"
	if string(mac(s.keys[0], body, rest)) == string(mac(s.keys[0], append(body, 'a'), "b")) {
		t.Error("a byte moves from the scope into the body")
	}
}
