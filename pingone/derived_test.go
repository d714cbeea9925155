package pingone

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// shown decodes a collection of things and shows the rows that a derived table
// takes.
func shown(d *catalog.Derived, things string) (string, error) {
	t := &catalog.Table{Name: "Parts", Derived: d, Columns: []catalog.Column{
		{Name: "ThingId", Source: "id", Required: true}, {Name: "Part", Source: "a.parts[].name", Required: d.Unnest == ""}, {Name: "Kind", Source: "kind"},
	}}
	if d.Unnest == "" {
		t.Columns[1].Source = "name"
	}
	s := shapeOf(t, &catalog.Path{List: "things", Items: "things"}, []int{0, 1, 2}, nil)
	dec := newDecoder(s.layout, memory.DefaultAllocator)
	defer dec.release()
	p, err := dec.decode([]byte(`{"count":7,"_embedded":{"things":[` + things + `]}}`))
	if err != nil {
		return "", err
	}
	defer p.release()
	ranges, err := s.keep(p, [][2]int{{0, p.rows}})
	var out []string
	for _, r := range ranges {
		for i := r[0]; i < r[1]; i++ {
			out = append(out, fmt.Sprintf("%s %s %s", p.arrays[0].ValueStr(i), p.arrays[1].ValueStr(i), p.arrays[2].ValueStr(i)))
		}
	}
	return strings.Join(out, ", "), err
}

func TestDerivedRows(t *testing.T) {
	t.Parallel()
	where := map[string]string{"kind": "x"}
	cases := []struct {
		name    string
		derived catalog.Derived
		things  string
		want    string
		code    gwerr.Code
	}{
		{"elements", catalog.Derived{Unnest: "a.parts"}, `{"a":{"parts":[{"name":"p"},{"name":"q"}]},"id":"1","kind":"x"},{"id":"2","a":{"parts":[{"name":"r"}]}}`, "1 p x, 1 q x, 2 r (null)", ""},
		{"no array", catalog.Derived{Unnest: "a.parts"}, `{"id":"1"},{"id":"2","a":{}},{"id":"3","a":null},{"id":"4","a":{"parts":null}},{"id":"5","a":7},{"id":"6","a":{"parts":[]}}`, "", ""},
		{"element without its member", catalog.Derived{Unnest: "a.parts"}, `{"id":"1","a":{"parts":[{}]}}`, "1 (null) (null)", ""},
		{"element that is not an object", catalog.Derived{Unnest: "a.parts"}, `{"id":"1","a":{"parts":["p"]}}`, "", gwerr.UpstreamCutShort},
		{"row that lacks what it must have", catalog.Derived{Unnest: "a.parts"}, `{"a":{"parts":[{}]}}`, "", gwerr.UpstreamRejected},
		{"array cut short", catalog.Derived{Unnest: "a.parts"}, `{"id":"1","a":{"parts":[{"name":"p"}`, "", gwerr.UpstreamCutShort},
		{"condition", catalog.Derived{Where: where}, `{"id":"1","name":"p","kind":"x"},{"id":"2","kind":"y"},{"id":"3"},{"id":"4","name":"q","kind":"x"},{"id":"5","name":"r","kind":"x"}`, "1 p x, 4 q x, 5 r x", ""},
		{"kept row that lacks what it must have", catalog.Derived{Where: where}, `{"id":"1","kind":"x"}`, "", gwerr.UpstreamRejected},
		{"both", catalog.Derived{Unnest: "a.parts", Where: where}, `{"id":"1","kind":"y","a":{"parts":[{"name":"p"}]}},{"id":"2","kind":"x","a":{"parts":[{"name":"q"}]}}`, "2 q x", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := shown(&c.derived, c.things)
			if c.code != "" {
				require.Equal(t, c.code, gwerr.From(err).Code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestAddressOfATemplate(t *testing.T) {
	t.Parallel()
	values := map[string]string{"Id": "a/b c?d", "Kind": "x&y=z +"}
	require.Equal(t, "things/a%2Fb%20c%3Fd?kind=x%26y%3Dz+%2B&all=1", addressOf("things/{Id}?kind={Kind}&all=1", values).String())
	require.Equal(t, "things", addressOf("things", values).String())
}

func TestWhereElementsStand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		typ  catalog.Type
		body string
		want string
	}{
		"numbers in an array": {catalog.Int32, `{"a":{"parts":[{"name":"p"},{"name":"q"}]}}`, "0 p, 1 q"},
		"names in an object":  {catalog.String, `{"a":{"parts":{"one":{"name":"p"},"none":7,"two":{"name":"q"}}}}`, "one p, two q"},
	} {
		table := &catalog.Table{Name: "Parts", Derived: &catalog.Derived{Unnest: "a.parts"}, Columns: []catalog.Column{
			{Name: "At", Type: c.typ, Position: true, Required: true}, {Name: "Part", Source: "a.parts[].name"},
		}}
		s := shapeOf(table, &catalog.Path{Get: "thing"}, []int{0, 1}, nil)
		d := newDecoder(s.layout, memory.DefaultAllocator)
		p, err := d.decode([]byte(c.body))
		require.NoError(t, err, name)
		var out []string
		for i := range p.rows {
			out = append(out, p.arrays[0].ValueStr(i)+" "+p.arrays[1].ValueStr(i))
		}
		require.Equal(t, c.want, strings.Join(out, ", "), name)
		p.release()
		d.release()
	}
}

func TestValuesThatAreHidden(t *testing.T) {
	t.Parallel()
	table := &catalog.Table{Name: "Variables", Columns: []catalog.Column{
		{Name: "Id", Source: "id", Key: true},
		{Name: "Kind", Source: "kind"},
		{Name: "Value", Type: catalog.JSON, Source: "value", Unless: &catalog.Unless{Column: "Kind", Text: "secret"}},
	}}
	s := shapeOf(table, &catalog.Path{List: "v", Items: "v"}, []int{2}, []string{"Id"})
	d := newDecoder(s.layout, memory.DefaultAllocator)
	defer d.release()
	p, err := d.decode([]byte(`{"_embedded":{"v":[{"kind":"number","value":1},{"kind":"Secret","value":"x"},{"value":"y"},{"kind":"secret"}]}}`))
	require.NoError(t, err)
	defer p.release()
	rec := s.assemble(p, 1, 4, nil, nil)
	defer rec.Release()
	var out []string
	for i := range 3 {
		out = append(out, rec.Column(0).ValueStr(i))
	}
	require.Equal(t, []string{"(null)", `"y"`, "(null)"}, out)
}

// What is compiled for a selection is kept with its schema, and with nothing else: a
// schema that was read again, or another caller's, has shapes of its own.
func TestShapesAreKeptWithTheirSchema(t *testing.T) {
	t.Parallel()
	table, path := usersTable(t), usersTable(t).Paths[0]
	one, other := table.In(&catalog.Schema{Name: "One"}, nil, nil), table.In(&catalog.Schema{Name: "Other"}, nil, nil)
	first := keptShape(one, &path, []int{0, 1}, []string{"Id"})
	require.Same(t, first, keptShape(one, &path, []int{0, 1}, []string{"Id"}))
	for name, s := range map[string]*shape{
		"other columns": keptShape(one, &path, []int{0, 2}, []string{"Id"}),
		"other order":   keptShape(one, &path, []int{1, 0}, []string{"Id"}),
		"hidden":        keptShape(one, &path, []int{0, 1}, nil),
		"another path":  keptShape(one, &one.Paths[1], []int{0, 1}, []string{"Id"}),
		"schema":        keptShape(other, &path, []int{0, 1}, []string{"Id"}),
		"no schema":     keptShape(table, &path, []int{0, 1}, []string{"Id"}),
	} {
		require.NotSame(t, first, s, name)
	}
	for i := range maxShapes {
		keptShape(one, &path, []int{0, 1}, []string{string(rune('a' + i))})
	}
	require.NotSame(t, first, keptShape(one, &path, []int{0, 1}, []string{"Id"}), "there is a bound")
}

// A decoder that a panic has interrupted holds parts of a row.
func TestAnInterruptedDecoderIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	table := usersTable(t)
	s := shapeOf(table, table.Listing(), positions(t, table, "Id", "Username"), nil)
	d := s.decoder()
	d.inside[s.layout.root.object] = func(b, name []byte, at int) (int, error) {
		if string(name) == "id" {
			return d.member(b, at, s.layout.root.below["id"])
		}
		panic("defect")
	}
	require.Panics(t, func() {
		_, _ = d.decode([]byte(`{"_embedded":{"users":[{"id":"57de9478-0000-4383-ab62-4e086c740001","x":1}]}}`))
	})
	s.idle.Put(d)
	for range 2 {
		again := s.decoder()
		require.NotSame(t, d, again)
		p, err := again.decode(halPage(3))
		require.NoError(t, err)
		require.Equal(t, 3, p.rows)
		p.release()
	}
}

// A row that refers to nothing has no text, whatever the key of another one is.
func TestReferredTexts(t *testing.T) {
	t.Parallel()
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues([]string{"a", "", "(null)", "b"}, []bool{true, false, true, true})
	keys := b.NewArray()
	defer keys.Release()
	got := referred(keys, 0, 4, map[string]string{"a": "A", "(null)": "odd"})
	defer got.Release()
	require.Equal(t, `["A" (null) "odd" (null)]`, got.String())
}
