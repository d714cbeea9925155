package model_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// bind binds an address below the service root.
func bind(t *testing.T, address string) (*model.Resource, error) {
	t.Helper()
	path, options, _ := strings.Cut(address, "?")
	tree, err := uri.Parse(strings.ReplaceAll(path, " ", "%20"), strings.ReplaceAll(options, " ", "%20"), uri.Limits{})
	if err != nil {
		return nil, err
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return model.Bind(odatatest.New(0).Main, tree, model.Options{Namespace: "Library", Now: now})
}

func mustQuery(t *testing.T, address string) *query.Query {
	t.Helper()
	r, err := bind(t, address)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	limit := int64(-1)
	if r.Top != nil {
		limit = *r.Top
	}
	return r.Query(nil, limit)
}

func TestFilters(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, filter, where, sql string }{
		{"equality", "Title eq 'x'", "Title = 'x'", ""},
		{"quotes", "Title eq 'O''Neil; DROP'", "Title = 'O''Neil; DROP'", ""},
		{"null is unequal to a value", "Title ne 'x'", "Title <> 'x' OR Title IS NULL", ""},
		{"is null", "Title eq null", "Title IS NULL", ""},
		{"null at least null", "Title ge null", "Title IS NULL", ""},
		{"null is no less", "Title lt null", "FALSE", ""},
		{"negated order keeps null", "not (Pages lt 3)", "Pages >= 3 OR Pages IS NULL", ""},
		{"negated match drops null", "not contains(Title,'x')", "NOT (Title LIKE '%x%')", ""},
		{"literal first", "3 lt Pages", "Pages > 3", ""},
		{"Boolean", "InPrint and not InPrint", "InPrint = TRUE AND InPrint = FALSE", ""},
		{"Boolean function compared", "contains(Title,'x') eq true or startswith(Title,'y') eq false", "Title LIKE '%x%' OR NOT (Title LIKE 'y%')", ""},
		{"list", "Pages in (1,2,null)", "Pages IN (1, 2) OR Pages IS NULL", ""},
		{
			"guid in any case and form", "Id eq 'B00C0000-0000-4000-8000-000000000001' or Id eq b00c0000-0000-4000-8000-000000000002",
			"Id = 'b00c0000-0000-4000-8000-000000000001' OR Id = 'b00c0000-0000-4000-8000-000000000002'", "",
		},
		{"offset", "BoughtAt ge 2024-01-01T02:00:00%2B02:00", "BoughtAt >= TIMESTAMPTZ '2024-01-01T00:00:00Z'", ""},
		{"date as midnight", "BoughtAt ge 2024-01-01", "BoughtAt >= TIMESTAMPTZ '2024-01-01T00:00:00Z'", ""},
		{"instant as text", "BoughtAt ge '2024-01-01T00:00:00Z'", "BoughtAt >= TIMESTAMPTZ '2024-01-01T00:00:00Z'", ""},
		{
			"below a millisecond", "BoughtAt gt 2024-01-01T00:00:00.0001Z and BoughtAt le 2024-01-02T00:00:00.0001Z",
			"BoughtAt >= TIMESTAMPTZ '2024-01-01T00:00:00.001Z' AND BoughtAt < TIMESTAMPTZ '2024-01-02T00:00:00.001Z'", "",
		},
		{"now is a constant", "BoughtAt ge now() sub duration'P7D'", "BoughtAt >= TIMESTAMPTZ '2025-12-26T03:04:05Z'", ""},
		{"part of a constant duration", "BoughtAt ge now() sub duration'P7D' mul 2 add duration'PT1H' div 4", "BoughtAt >= TIMESTAMPTZ '2025-12-19T03:19:05Z'", ""},
		{"times a column", "BoughtAt sub now() lt Pages mul duration'PT1H'", "TRUE", `COALESCE(TRY("Books"."BoughtAt" - TIMESTAMPTZ '2026-01-02T03:04:05Z') < TRY(to_microseconds(3600000000) * CAST("Books"."Pages" AS DOUBLE)), FALSE)`},
		{"foreign key behind its navigation", "Shelf/Id eq 5e1f0000-0000-4000-8000-000000000001", "ShelfId = '5e1f0000-0000-4000-8000-000000000001'", ""},
		{"navigation is null", "Shelf eq null", "ShelfId IS NULL", ""},
		{"$it and the own type", "$it/Title eq 'x' and Library.Book/Pages eq 1", "Title = 'x' AND Pages = 1", ""},
		{"names of functions in any case", "STARTSWITH(Title,'x') AND Pages EQ 1", "Title LIKE 'x%' AND Pages = 1", ""},
		{"function", "tolower(Title) eq 'x'", "TRUE", `(lower("Books"."Title") IS NOT DISTINCT FROM 'x')`},
		{"the part that can be pushed", "Title eq 'x' and length(Author) gt 3", "Title = 'x'", `(("Books"."Title" IS NOT DISTINCT FROM 'x') AND COALESCE(length("Books"."Author") > 3, FALSE))`},
		{"or with a function pushes nothing", "Title eq 'x' or length(Author) gt 3", "TRUE", `(("Books"."Title" IS NOT DISTINCT FROM 'x') OR COALESCE(length("Books"."Author") > 3, FALSE))`},
		{"precedence", "Pages mul 2 add 3 eq 7", "TRUE", `(TRY(CAST(TRY(CAST("Books"."Pages" AS HUGEINT) * CAST(2 AS HUGEINT)) AS HUGEINT) + CAST(3 AS HUGEINT)) IS NOT DISTINCT FROM 7)`},
		{"two columns", "Title eq Author", "TRUE", `("Books"."Title" IS NOT DISTINCT FROM "Books"."Author")`},
		{"any", "Tags/any(t:t eq 'x''y')", "TRUE", `(len(list_filter(COALESCE("Books"."Tags", []), lambda lambda_1_: COALESCE((lambda_1_ = 'x''y'), FALSE))) > 0)`},
		{"collection has", "'x' in Tags", "TRUE", `COALESCE(list_contains(COALESCE("Books"."Tags", []), 'x'), FALSE)`},
		{
			"subset", `hassubset(Tags,["a","b","a"])`, "TRUE",
			`(TRUE AND len(list_filter(COALESCE("Books"."Tags", []), lambda v: v = 'a')) >= 2 AND list_contains(COALESCE("Books"."Tags", []), 'b'))`,
		},
		{"pattern", "matchesPattern(Title,'^a.*z$')", "TRUE", `regexp_matches("Books"."Title", '^a.*z$')`},
		{"JSON is text", "contains(Extra,'n')", "TRUE", `contains(CAST("Books"."Extra" AS VARCHAR), 'n')`},
		{"part of an instant", "year(BoughtAt) eq 2024", "TRUE", `(year(make_timestamp(epoch_us("Books"."BoughtAt"))) IS NOT DISTINCT FROM 2024)`},
		{"null in a function", "length(null) eq null", "TRUE", `TRUE`},
		{"cast", "cast(Pages,Edm.String) eq '1'", "TRUE", `(CAST("Books"."Pages" AS VARCHAR) IS NOT DISTINCT FROM '1')`},
		{"cases", "case(Pages eq 1:'a',true:'b') eq 'a'", "TRUE", `((CASE WHEN ("Books"."Pages" IS NOT DISTINCT FROM 1) THEN 'a' WHEN TRUE THEN 'b' END) IS NOT DISTINCT FROM 'a')`},
		{"NUL in a text", `tolower(Title) in ["a\u0000b"]`, "TRUE", `COALESCE(lower("Books"."Title") IN (('a' || chr(0) || 'b')), FALSE)`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := mustQuery(t, "Books?$filter="+c.filter)
			a := q.Accesses[0]
			if a.Where.String() != c.where || q.Plain.FilterSQL != c.sql || a.WhereComplete != (c.sql == "") {
				t.Errorf("where %s (complete: %v)\nSQL   %s", a.Where, a.WhereComplete, q.Plain.FilterSQL)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, address string
		code          gwerr.Code
		position      int
		text          string
	}{
		{"unknown property", "Books?$filter=Pages eq 1 and Titel eq 'x'", gwerr.UnknownColumn, 15, "Did you mean Title?"},
		{"type of a comparison", "Books?$filter=Title eq 5", gwerr.TypeMismatch, 6, "Edm.String can't be compared with an integer."},
		{"text that is not a number", "Books?$filter=Pages eq 'x'", gwerr.TypeMismatch, 9, "'x' is not a value of an integer."},
		{"text that is no instant", "Books?$filter=BoughtAt gt 'yesterday'", gwerr.TypeMismatch, 12, "Edm.DateTimeOffset"},
		{"no condition", "Books?$filter=Pages add 1", gwerr.TypeMismatch, 0, "must be Edm.Boolean"},
		{"argument", "Books?$filter=length(Pages) gt 1", gwerr.TypeMismatch, 0, "length does not take an integer"},
		{"zero", "Books?$filter=Pages div 0 eq 1", gwerr.BadRequest, 6, "divisor is zero"},
		{"order of Booleans", "Books?$filter=InPrint lt true", gwerr.TypeMismatch, 8, "no order"},
		{"hour of another zone", "Books?$filter=hour(2024-01-01T00:00:00%2B01:00) eq 0", gwerr.BadRequest, 5, "UTC"},
		{"no collection", "Books?$filter=Title/any(t:t eq 'x')", gwerr.UnknownColumn, 6, "no properties of its own"},
		{"behind a variable", "Books?$filter=Tags/any(t:t/Name eq 'x')", gwerr.TypeMismatch, 13, "has no properties"},
		{"pattern", "Books?$filter=matchesPattern(Title,'(')", gwerr.BadRequest, 21, "regular expression"},
		{"look-ahead", "Books?$filter=matchesPattern(Title,'a(?=b)')", gwerr.NotImplemented, 21, "look-around"},
		{"enumeration", "Books?$filter=Title eq My.Kind'A'", gwerr.TypeMismatch, 9, "no enumeration type"},
		{"has", "Books?$filter=Title has My.Kind'A'", gwerr.NotImplemented, 6, "has"},
		{"text that is not a guid", "Books?$filter=Id eq 'x'", gwerr.TypeMismatch, 6, "'x' is not a value of Edm.Guid."},
		{"text that is not a guid in a list", "Books?$filter=ShelfId in (null,'x')", gwerr.TypeMismatch, 17, "'x' is not a value of Edm.Guid."},
		{"unknown behind a navigation", "Books?$filter=Shelf/Nam eq 'x'", gwerr.UnknownColumn, 6, "Shelves has no property Nam. (at character 7) Did you mean Name?"},
		{"collection as a value", "Books?$filter=Loans eq null", gwerr.BadRequest, 0, "Loans/any"},
		{"property of a collection", "Books?$filter=Loans/Reader eq 'x'", gwerr.BadRequest, 6, "is a collection"},
		{"entity as a value", "Books?$filter=Loans/any(l:l eq null)", gwerr.NotImplemented, 12, "the instance as a value"},
		{"entities in a condition on a list", "Books?$filter=Tags/any(t:Loans/any(l:l/Reader eq t))", gwerr.NotImplemented, 11, "items of a list"},
		{"too many hops", "Loans?$filter=Book/Shelf/Books/any(a:a/Shelf/Books/any(b:b/Shelf/Name eq 'x'))", gwerr.TooLarge, 45, "more than 5"},
		{"alias of itself", "Books?$filter=@a eq 1&@a=@b&@b=@a", gwerr.BadRequest, 0, "refers to itself"},
		{"aliases that double", "Books?$filter=@p0" + doubling(40), gwerr.TooLarge, 8, "stand for more than 256 KiB"},
		{"sorted by a collection", "Books?$orderby=Tags", gwerr.TypeMismatch, 0, "can't be sorted"},
		{"options in $select", "Books?$select=Title($top=1)", gwerr.NotImplemented, 0, "within $select"},
		{"too deep", "Books?$filter=" + strings.Repeat("Pages add ", 300) + "1 eq 2", gwerr.TooLarge, 0, "nested"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := bind(t, c.address)
			var e *gwerr.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Code != c.code || e.Position != c.position || !strings.Contains(e.Error(), c.text) || e.Target == "" {
				t.Errorf("%s at %d on %q: %s", e.Code, e.Position, e.Target, e)
			}
		})
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	names := func(q *query.Query) string {
		var out []string
		for _, c := range q.Columns {
			out = append(out, c.Name)
		}
		return strings.Join(out, " ")
	}
	t.Run("order of $select, key behind it", func(t *testing.T) {
		t.Parallel()
		q := mustQuery(t, "Books?$select=Pages,Title&$filter=Author eq 'x'")
		if names(q) != "Pages Title Id" {
			t.Errorf("columns %s", names(q))
		}
		if read := len(q.Accesses[0].Columns); read != 4 {
			t.Errorf("%d columns are read", read)
		}
	})
	t.Run("limit is handed down where nothing stays to be checked", func(t *testing.T) {
		t.Parallel()
		if q := mustQuery(t, "Books?$filter=Pages eq 1&$top=5"); q.Accesses[0].Limit != 5 || q.Plain.Limit != 5 {
			t.Errorf("limits %d, %+v", q.Accesses[0].Limit, q.Plain)
		}
		if q := mustQuery(t, "Books?$filter=length(Title) eq 1&$top=5"); q.Accesses[0].Limit != 0 || q.Plain.Limit != 5 {
			t.Errorf("limits %d, %+v", q.Accesses[0].Limit, q.Plain)
		}
	})
	t.Run("no rows at all", func(t *testing.T) {
		t.Parallel()
		for _, options := range []string{"$top=0", "$filter=false", "$filter=Title lt null"} {
			if q := mustQuery(t, "Books?"+options); !q.Empty || !q.Plain.Empty {
				t.Errorf("%s is not empty", options)
			}
		}
	})
	t.Run("search", func(t *testing.T) {
		t.Parallel()
		q := mustQuery(t, `Books?$search="O'Neil" NOT b OR c`)
		want := `((contains(lower(concat_ws(chr(31), '', "Books"."Title", "Books"."Author", "Books"."Summary")), lower('O''Neil')) AND ` +
			`(NOT contains(lower(concat_ws(chr(31), '', "Books"."Title", "Books"."Author", "Books"."Summary")), lower('b')))) OR ` +
			`contains(lower(concat_ws(chr(31), '', "Books"."Title", "Books"."Author", "Books"."Summary")), lower('c')))`
		if q.Plain.FilterSQL != want {
			t.Errorf("got  %s\nwant %s", q.Plain.FilterSQL, want)
		}
	})
	t.Run("a long chain stays linear", func(t *testing.T) {
		t.Parallel()
		q := mustQuery(t, "Books?$filter="+strings.Repeat("Pages eq 1 or ", 700)+"Title eq 'x'")
		if n := len(q.Accesses[0].Where.(predicate.Or).Args); n != 701 {
			t.Errorf("%d branches", n)
		}
	})
}
