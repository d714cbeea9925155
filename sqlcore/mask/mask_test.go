package mask_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/mask"
)

var key = []byte("0123456789abcdef0123456789abcdef")

// parse builds an array of the type from JSON.
func parse(t *testing.T, typ catalog.Type, json string) arrow.Array {
	t.Helper()
	arr, _, err := array.FromJSON(memory.DefaultAllocator, typ.Arrow(), strings.NewReader(json))
	if err != nil {
		t.Fatal(err)
	}
	return arr
}

func texts(arr arrow.Array) []string {
	var out []string
	for i := range arr.Len() {
		out = append(out, arr.ValueStr(i))
	}
	return out
}

func TestPartial(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		typ  catalog.Type
		in   string
		want []string
	}{
		{"name", catalog.String, `["Anna-Maria", null, ""]`, []string{"Axxx-Xxxxx", "(null)", ""}},
		{"e-mail", catalog.String, `["j.doe42@example.com"]`, []string{"j.xxx00@xxxxxxx.xxx"}},
		{"short values keep nothing", catalog.String, `["A", "Bo", "ß", "日本"]`, []string{"X", "Xx", "x", "xx"}},
		{"first character of any script", catalog.String, `["Žofie", "日本人"]`, []string{"Žxxxx", "日xx"}},
		{"guid", catalog.GUID, `["abcdef01-0000-4000-8000-123456789abc", "bad"]`, []string{"a0000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"}},
		{"bool", catalog.Bool, `[true, false]`, []string{"(null)", "(null)"}},
		{"number", catalog.Int64, `[42]`, []string{"(null)"}},
		{"float", catalog.Float64, `[1.5]`, []string{"(null)"}},
		{"json", catalog.JSON, `["{\"a\":1}"]`, []string{"(null)"}},
		{"list", catalog.StringList, `[["Anna", null], null]`, []string{`["Axxx",null]`, "(null)"}},
		{"year of a timestamp", catalog.Timestamp, `["2026-11-21 10:11:12.345Z"]`, []string{"2026-01-01T00:00:00Z"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := texts(mask.Apply(catalog.MaskPartial, key, parse(t, c.typ, c.in), c.typ))
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPartialHidesTheLengthOfLongValues(t *testing.T) {
	t.Parallel()
	in := `["` + strings.Repeat("a", 65) + `","` + strings.Repeat("a", 5000) + `"]`
	got := texts(mask.Apply(catalog.MaskPartial, key, parse(t, catalog.String, in), catalog.String))
	if got[0] != got[1] {
		t.Errorf("lengths show: %d and %d", len(got[0]), len(got[1]))
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	hex := `^[0-9a-f]{32}$`
	cases := []struct {
		name string
		typ  catalog.Type
		in   string // the first two values are equal, the third differs
		want string
	}{
		{"text", catalog.String, `["a", "a", "b"]`, hex},
		{"guid in any case", catalog.GUID, `["ABCDEF01-0000-4000-8000-123456789abc", "abcdef01-0000-4000-8000-123456789abc", "abcdef01-0000-4000-8000-123456789abd"]`, `^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
		{"json", catalog.JSON, `["{}", "{}", "[]"]`, `^"[0-9a-f]{32}"$`},
		{"int64", catalog.Int64, `[7, 7, 8]`, `^[0-9]+$`},
		{"int32", catalog.Int32, `[7, 7, 8]`, `^[0-9]+$`},
		{"list", catalog.StringList, `[["a"], ["a"], ["b"]]`, `^\["[0-9a-f]{32}"\]$`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := texts(mask.Apply(catalog.MaskHash, key, parse(t, c.typ, c.in), c.typ))
			if got[0] != got[1] || got[0] == got[2] {
				t.Errorf("equal values must have equal hashes, others not: %q", got)
			}
			if !regexp.MustCompile(c.want).MatchString(got[0]) {
				t.Errorf("%q does not match %s", got[0], c.want)
			}
			other := texts(mask.Apply(catalog.MaskHash, []byte("another key"), parse(t, c.typ, c.in), c.typ))
			if other[0] == got[0] {
				t.Error("the key does not matter")
			}
		})
	}
}

func TestHashOfSmallTypesIsNull(t *testing.T) {
	t.Parallel()
	for typ, in := range map[catalog.Type]string{
		catalog.Bool:      `[true]`,
		catalog.Float64:   `[0.5]`,
		catalog.Timestamp: `["2026-11-21 10:11:12Z"]`,
	} {
		if got := texts(mask.Apply(catalog.MaskHash, key, parse(t, typ, in), typ)); got[0] != "(null)" {
			t.Errorf("%s: %q", typ, got)
		}
	}
}

func TestEveryMaskKeepsTheTypeAndTheNumberOfRows(t *testing.T) {
	t.Parallel()
	in := map[catalog.Type]string{
		catalog.String: `["secret", null]`, catalog.Bool: `[true, null]`, catalog.Int32: `[123456, null]`,
		catalog.Int64: `[123456, null]`, catalog.Float64: `[123456.5, null]`, catalog.Timestamp: `["2026-11-21 10:11:12Z", null]`,
		catalog.GUID: `["abcdef01-0000-4000-8000-123456789abc", null]`, catalog.JSON: `["{\"secret\":1}", null]`,
		catalog.StringList: `[["secret"], null]`,
	}
	for typ, json := range in {
		for _, m := range []catalog.Mask{catalog.MaskNull, catalog.MaskHash, catalog.MaskPartial, catalog.Mask(99)} {
			arr := parse(t, typ, json)
			got := mask.Apply(m, key, arr, typ)
			if !arrow.TypeEqual(got.DataType(), typ.Arrow()) || got.Len() != 2 || !got.IsNull(1) {
				t.Errorf("%s, mask %d: %v", typ, m, got)
			}
			if got.ValueStr(0) == arr.ValueStr(0) {
				t.Errorf("%s, mask %d: the value %s shows", typ, m, got.ValueStr(0))
			}
			if m == catalog.MaskNull && !got.IsNull(0) {
				t.Errorf("%s: mask null gives %s", typ, got.ValueStr(0))
			}
		}
	}
}

func TestAnArrayOfAnotherTypeShowsNothing(t *testing.T) {
	t.Parallel()
	arr := parse(t, catalog.Int64, `[1234567]`)
	for _, m := range []catalog.Mask{catalog.MaskHash, catalog.MaskPartial} {
		for _, typ := range []catalog.Type{catalog.String, catalog.Timestamp, catalog.Int32, catalog.StringList} {
			if got := mask.Apply(m, key, arr, typ); !got.IsNull(0) {
				t.Errorf("mask %d as %s: %s", m, typ, got)
			}
		}
	}
	text := parse(t, catalog.String, `["secret"]`)
	for _, typ := range []catalog.Type{catalog.Bool, catalog.Int64, catalog.Timestamp, catalog.StringList} {
		if got := mask.Apply(catalog.MaskHash, key, text, typ); !got.IsNull(0) {
			t.Errorf("text as %s: %s", typ, got)
		}
	}
}
