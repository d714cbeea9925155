package model_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// boundFilter binds a filter on Books.
func boundFilter(t *testing.T, s *catalog.Schema, filter string) (*query.Query, uri.Expr) {
	t.Helper()
	tree, err := uri.ParseFilter(filter, uri.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	request := &uri.Request{
		Path:    []uri.Segment{&uri.NameSegment{Name: "Books"}},
		Options: uri.Options{Filter: tree},
	}
	r, err := model.Bind(s, request, model.Options{Namespace: "Library", Now: time.Unix(0, 0)})
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	return r.Query(nil, -1), tree
}

// TestPredicatesKeepWhatTheReferenceKeeps compares random filters: a complete
// predicate keeps the same rows, any other at least these.
func TestPredicatesKeepWhatTheReferenceKeeps(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(120)
	books := lib.Main.Tables[0]
	random := random(t)
	complete, partial, useful := 0, 0, 0
	for n := range fewer(3000) {
		filter := odatatest.Filters{Rand: random, Simple: n%2 == 0}.Make(n % 5)
		q, tree := boundFilter(t, lib.Main, filter)
		access := q.Accesses[0]
		if access.WhereComplete != (q.Plain.FilterSQL == "") {
			t.Fatalf("%s: complete %v, SQL %q", filter, access.WhereComplete, q.Plain.FilterSQL)
		}
		kept := 0
		for i, row := range lib.Rows["Books"] {
			want := lib.Reference(tree, books, row)
			got := odatatest.Eval(access.Where, books, row) == odatatest.True
			if got != want && (access.WhereComplete || want) {
				t.Fatalf("%s\nas %s (complete: %v)\nrow %d: kept %v, want %v: %v", filter, access.Where, access.WhereComplete, i, got, want, row)
			}
			if got {
				kept++
			}
		}
		if access.WhereComplete {
			complete++
		} else {
			partial++
			if kept < len(lib.Rows["Books"]) {
				useful++
			}
		}
	}
	if complete < fewer(1000) || partial < fewer(250) || useful < fewer(25) {
		t.Errorf("%d complete, %d partial, %d of these useful: the filters are too much alike", complete, partial, useful)
	}
}

// TestSimpleFiltersNeedNoEngine: what predicates can say, they say whole.
func TestSimpleFiltersNeedNoEngine(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(1)
	random := rand.New(rand.NewPCG(7, 7))
	for range 1000 {
		filter := odatatest.Filters{Rand: random, Simple: true}.Make(3)
		if q, _ := boundFilter(t, lib.Main, filter); !q.Accesses[0].WhereComplete {
			t.Fatalf("%s needs %s", filter, q.Plain.FilterSQL)
		}
	}
}
