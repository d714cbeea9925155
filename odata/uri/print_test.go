package uri

import "testing"

// TestPrintedTextParsesToTheSameTree is the property that the printer and
// the parser undo each other.
func TestPrintedTextParsesToTheSameTree(t *testing.T) {
	t.Parallel()
	limits := Limits{URLBytes: 1 << 20, ExpressionBytes: 1 << 20, Depth: 1000}
	for seed := range uint64(20_000) {
		want := newGenerator(seed).request()
		path, query := want.URL()
		got, err := Parse(path, query, limits)
		if err != nil {
			t.Fatalf("seed %d: %s?%s: %v", seed, path, query, err)
		}
		if sketch(got) != sketch(want) {
			t.Fatalf("seed %d: %s?%s\n got %s\nwant %s", seed, path, query, sketch(got), sketch(want))
		}
		if again, query2 := got.URL(); again != path || query2 != query {
			t.Fatalf("seed %d: printed %s?%s, and again %s?%s", seed, path, query, again, query2)
		}
	}
}
