package model_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// applied follows the properties through random transformations: names and types, as
// the specification gives them.
type applied struct {
	names []string
	types map[string]string
	told  map[string]bool // by $metadata
}

// TestRandomTransformations: which properties come out of $apply, and of which types.
//
// Source: OData Data Aggregation 4.0, sections 3.2.1 to 3.2.5.
func TestRandomTransformations(t *testing.T) {
	t.Parallel()
	r := random(t)
	edm := map[string]string{"Author": "Edm.String", "Pages": "Edm.Int32", "Sold": "Edm.Int64", "Price": "Edm.Double", "InPrint": "Edm.Boolean", "BoughtAt": "Edm.DateTimeOffset"}
	declared := []string{"Author", "Pages", "Sold", "Price", "InPrint", "BoughtAt"}
	for range fewer(800) {
		p := applied{names: declared, types: map[string]string{}, told: map[string]bool{}}
		for _, name := range declared {
			p.types[name], p.told[name] = edm[name], true
		}
		var steps []string
		grouped := false
		for n := range 1 + r.IntN(4) {
			switch r.IntN(5) {
			case 0:
				steps = append(steps, fmt.Sprintf("filter(%s ne null)", pick(r, p.names...)))
			case 1:
				steps = append(steps, fmt.Sprintf("topcount(%d,%s)", 1+r.IntN(5), pick(r, p.names...)))
			case 2:
				name, of := fmt.Sprintf("C%d", n), pick(r, p.names...)
				steps = append(steps, fmt.Sprintf("compute(%s as %s)", of, name))
				p.names = append(slices.Clone(p.names), name)
				p.types[name] = p.types[of]
			default:
				grouped = true
				groups := some(r, 2, p.names...)
				next := applied{names: slices.Clone(groups), types: map[string]string{}, told: map[string]bool{}}
				for _, g := range groups {
					next.types[g], next.told[g] = p.types[g], p.told[g]
				}
				var items []string
				for k := range 1 + r.IntN(3) {
					name := fmt.Sprintf("A%d%d", n, k)
					item, of := p.aggregate(r)
					items = append(items, item+" as "+name)
					next.names, next.types[name] = append(next.names, name), of
				}
				step := "aggregate(" + strings.Join(items, ",") + ")"
				if len(groups) > 0 {
					step = "groupby((" + strings.Join(groups, ",") + ")," + step + ")"
				}
				steps = append(steps, step)
				p = next
			}
		}
		if !grouped {
			continue
		}
		address := "Books?$apply=" + strings.Join(steps, "/")
		got, err := bind(t, address)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		var want []string
		for _, name := range p.names {
			text := name + " " + p.types[name]
			if !p.told[name] {
				text += "*"
			}
			want = append(want, text)
		}
		if outputs(got) != strings.Join(want, ", ") || got.Context(true) != "Books("+strings.Join(p.names, ",")+")" {
			t.Fatalf("%s\ngot  %s\nwant %s\ncontext %s", address, outputs(got), strings.Join(want, ", "), got.Context(true))
		}
		sql := reads(got, nil, -1)
		for _, name := range p.names {
			if !strings.Contains(sql, ` AS "`+name+`"`) {
				t.Fatalf("%s: no %s in %s", address, name, sql)
			}
		}
	}
}

// aggregate makes an aggregation of one of the properties, and tells its type.
func (p *applied) aggregate(r *rand.Rand) (item, of string) {
	name := pick(r, p.names...)
	numeric := slices.Contains([]string{"Edm.Int32", "Edm.Int64", "Edm.Double", "Edm.Decimal"}, p.types[name])
	switch method := r.IntN(5); {
	case method == 0:
		return "$count", "Edm.Decimal"
	case method == 1 && numeric && p.types[name] == "Edm.Double":
		return name + " with sum", "Edm.Double"
	case method == 1 && numeric:
		return name + " with sum", "Edm.Decimal"
	case method == 2 && numeric:
		return name + " with average", "Edm.Double"
	case method == 3 && p.types[name] != "Edm.Boolean":
		return name + pick(r, " with min", " with max"), p.types[name]
	default:
		return name + " with countdistinct", "Edm.Decimal"
	}
}
