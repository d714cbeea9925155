package uri

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	long := Limits{URLBytes: 1 << 20, ExpressionBytes: 1 << 20}
	nestedExpand := func(n int) string {
		return "Users?$expand=" + strings.Repeat("A($expand=", n-1) + "A" + strings.Repeat(")", n-1)
	}
	cases := []struct {
		name, address string
		limits        Limits
		fits          bool
	}{
		{"address of 16 KiB", "Users?x=" + strings.Repeat("a", 16<<10-7), Limits{}, true},
		{"address above 16 KiB", "Users?x=" + strings.Repeat("a", 16<<10-6), Limits{}, false},
		{"address of 2,048 bytes", "Users?$filter=a eq '" + strings.Repeat("b", 2027) + "'", Limits{}, true},
		{"long expression", "Users?$filter=a eq '" + strings.Repeat("b", 100) + "'", Limits{ExpressionBytes: 100}, false},
		{"100 parentheses", "Users?$filter=" + strings.Repeat("(", 99) + "a" + strings.Repeat(")", 99), Limits{}, true},
		{"101 parentheses", "Users?$filter=" + strings.Repeat("(", 100) + "a" + strings.Repeat(")", 100), Limits{}, false},
		{"many open parentheses", "Users?$filter=" + strings.Repeat("(", 500_000), long, false},
		{"many calls", "Users?$filter=" + strings.Repeat("trim(", 100_000), long, false},
		{"many lambdas", "Users?$filter=" + strings.Repeat("a/any(a:", 100_000), long, false},
		{"many arrays", "Users?$filter=" + strings.Repeat("[", 500_000), long, false},
		{"many objects", "Users?$filter=" + strings.Repeat(`{"a":`, 100_000), long, false},
		{"many not", "Users?$filter=" + strings.Repeat("not ", 100_000) + "a", long, false},
		{"many minus", "Users?$filter=" + strings.Repeat("-", 500_000) + "a", long, false},
		{"many cases", "Users?$filter=" + strings.Repeat("case(a:", 100_000), long, false},
		{"many counts", "Users?$filter=" + strings.Repeat("a/$count($filter=", 50_000), long, false},
		{"many search parentheses", "Users?$search=" + strings.Repeat("(", 500_000), long, false},
		{"many search NOT", "Users?$search=" + strings.Repeat("NOT ", 200_000) + "a", long, false},
		{"many keys in the path", "Users(" + strings.Repeat("a(", 500_000), long, false},
		{"10 nested $expand", nestedExpand(10), Limits{}, true},
		{"11 nested $expand", nestedExpand(11), Limits{}, false},
		{"many nested $select", "Users?$select=" + strings.Repeat("a($select=", 90_000), long, false},
		{"list of 2,000", "Users?$filter=a in (" + strings.Repeat("1,", 1999) + "1)", long, true},
		{"list of 2,001", "Users?$filter=a in (" + strings.Repeat("1,", 2000) + "1)", long, false},
		{"array of 2,001", "Users?$filter=a in [" + strings.Repeat("1,", 2000) + "1]", long, false},
		{"2,001 columns", "Users?$select=" + strings.Repeat("a,", 2000) + "a", long, false},
		{"2,001 order items", "Users?$orderby=" + strings.Repeat("a,", 2000) + "a", long, false},
		{"100 options", "Users?" + strings.Repeat("a&", 100), Limits{}, true},
		{"101 options", "Users?" + strings.Repeat("a&", 101), Limits{}, false},
		{"long chain", "Users?$filter=" + strings.Repeat("a eq 1 or ", 50_000) + "b", long, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path, query, _ := strings.Cut(c.address, "?")
			_, err := Parse(path, query, c.limits)
			if c.fits && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !c.fits && !gwerr.Is(err, gwerr.TooLarge) {
				t.Errorf("got %v, want %s", err, gwerr.TooLarge)
			}
		})
	}
}

// steps counts the scanning steps for one address, valid or not.
func steps(address string) int {
	w := &work{limits: Limits{URLBytes: 1 << 24, ExpressionBytes: 1 << 24, Depth: 1 << 20, ListItems: 1 << 20, Options: 1 << 20, ExpandDepth: 1 << 20}}
	path, query, _ := strings.Cut(address, "?")
	_, _ = parse(w, path, query)
	return w.steps
}

// TestTimeIsLinear compares steps, not seconds: ten times the text may take
// ten times the steps and a little for the frame.
func TestTimeIsLinear(t *testing.T) {
	t.Parallel()
	repeat := func(before, what, after string) func(int) string {
		return func(n int) string { return "Users?" + before + strings.Repeat(what, n) + after }
	}
	nested := func(before, open, inner, closing string) func(int) string {
		return func(n int) string {
			return "Users?" + before + strings.Repeat(open, n) + inner + strings.Repeat(closing, n)
		}
	}
	cases := map[string]func(int) string{
		"or chain":            repeat("$filter=", "a eq 1 or ", "b"),
		"list":                repeat("$filter=a in (", "'x',", "'y')"),
		"open list":           repeat("$filter=a in (", "'x',", ""),
		"parentheses":         nested("$filter=", "(", "a", ")"),
		"open parentheses":    nested("$filter=", "(", "", ""),
		"not":                 repeat("$filter=", "not ", "a"),
		"not without operand": repeat("$filter=", "not not eq ", ""),
		"casts":               nested("$filter=", "cast(", "a", ",Edm.String)"),
		"open casts":          nested("$filter=", "cast(Collection(", "a", ""),
		"case":                nested("$filter=", "case(a eq 10:20,", "true:1", ")"),
		"case of times":       repeat("$filter=case(", "a eq 10:20 : 30,", "true:1)"),
		"lambdas":             nested("$filter=", "a/any(x:", "x", ")"),
		"objects":             nested("$filter=", `{"a":`, "1", "}"),
		"path":                repeat("$filter=a", "/b", ""),
		"blanks":              repeat("$filter=a", " ", "eq 1"),
		"blanks after not":    repeat("$filter=", "not    ", "a"),
		"quotes":              repeat("$filter=a eq '", "''", "'"),
		"open quote":          repeat("$filter=a eq '", "''", ""),
		"digits":              repeat("$filter=a eq ", "1", ""),
		"name":                repeat("$filter=", "a", ""),
		"dotted name":         repeat("$filter=a", ".b", ""),
		"expand":              nested("$expand=", "A($expand=", "A", ")"),
		"open expand":         nested("$expand=", "A($expand=", "", ""),
		"expand with filters": nested("$expand=", "A($filter=b eq ')';$expand=", "A", ")"),
		"select":              repeat("$select=", "a,", "b"),
		"nested select":       nested("$select=", "a($select=", "b", ")"),
		"orderby":             repeat("$orderby=", "a desc,", "b"),
		"compute":             repeat("$compute=", "a add 1 as x,", "b as y"),
		"search words":        repeat("$search=", "a ", "b"),
		"search ORs":          repeat("$search=", "OR ", "b"),
		"search NOTs":         repeat("$search=", "NOT ", "b"),
		"search parentheses":  nested("$search=", "(", "a", ")"),
		"apply":               nested("$apply=", "f(", "a", ")"),
		"apply sequence":      repeat("$apply=identity", "/f(a)", ""),
		"aggregates":          nested("$filter=a/", "aggregate(", "a", ")"),
		"options":             repeat("", "a=b&", "c"),
	}
	for name, address := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			small, large := steps(address(200)), steps(address(2000))
			if large > 10*small+1000 {
				t.Errorf("%d steps for n and %d for 10 n", small, large)
			}
		})
	}
	t.Run("path segments", func(t *testing.T) {
		t.Parallel()
		small, large := steps("A"+strings.Repeat("/$filter(a/b)", 200)), steps("A"+strings.Repeat("/$filter(a/b)", 2000))
		if large > 10*small+1000 {
			t.Errorf("%d steps for n and %d for 10 n", small, large)
		}
	})
}

var benchmarks = map[string]string{
	"simple":    "Name eq 'Milk' and Price lt 2.55",
	"realistic": "(startswith(Username,'a') or contains(tolower(Email),'@example.com')) and Enabled eq true and CreatedAt ge 2024-01-01T00:00:00Z and PopulationId in ('a','b','c')",
	"in1000":    "Id in (" + strings.Repeat("01234567-89ab-cdef-0123-456789abcdef,", 999) + "01234567-89ab-cdef-0123-456789abcdef)",
	"or500":     strings.Repeat("a eq 1 or ", 499) + "a eq 1",
	"or5000":    strings.Repeat("a eq 1 or ", 4999) + "a eq 1",
}

func BenchmarkFilter(b *testing.B) {
	limits := Limits{ExpressionBytes: 1 << 20}
	for name, text := range benchmarks {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseFilter(text, limits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkExpand nests $expand ever deeper; the time per level must stay.
func BenchmarkExpand(b *testing.B) {
	limits := Limits{URLBytes: 1 << 20, ExpressionBytes: 1 << 20, Depth: 1 << 20, ExpandDepth: 1 << 20}
	for _, levels := range []int{10, 100, 1000, 8000} {
		query := "$expand=" + url.QueryEscape(strings.Repeat("A($expand=", levels)+"A"+strings.Repeat(")", levels))
		b.Run(fmt.Sprint(levels), func(b *testing.B) {
			for b.Loop() {
				if _, err := Parse("Users", query, limits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
