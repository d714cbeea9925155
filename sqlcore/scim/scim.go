// Package scim writes conditions in the filter language of SCIM 2.0 (RFC 7644,
// section 3.4.2.2), as far as a table's access path declares it.
//
// It is the only place that quotes values for an upstream filter.
package scim

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// mostApart is the number of values that are worth a reading each.
const mostApart = 8

// Capabilities gives what the path can test of a condition, for predicate.Split.
// Operators that no documentation confirms count only when unconfirmed is set.
func Capabilities(p *catalog.Path, e predicate.Expr, unconfirmed bool) predicate.Capabilities {
	caps := predicate.Capabilities{And: p.And, Or: p.Or, Columns: map[string]predicate.Capability{}}
	if p.Range != nil && !p.Or {
		caps.Lists = mostApart
	}
	for _, column := range predicate.Columns(e) {
		f, ok := p.Filters[column]
		if !ok {
			continue
		}
		ops := f.Operators
		if unconfirmed {
			ops = append(append([]predicate.Operator(nil), ops...), f.Unconfirmed...)
		}
		caps.Columns[column] = predicate.Capability{Operators: ops, Exact: f.Exact}
	}
	return caps
}

// Filters writes e, which must be the pushed result of predicate.Split with
// the path's capabilities, as filters that each take at most limit bytes in a
// URL; together they keep what e keeps. It returns nothing for a condition
// that keeps every row. A condition that can't be cut short enough is returned
// whole: Fit leaves out what is too long.
func Filters(e predicate.Expr, p *catalog.Path, limit int) ([]string, error) {
	conjuncts := predicate.Conjuncts(e)
	if len(conjuncts) == 0 {
		return nil, nil
	}
	fixed, widest, err := separate(conjuncts, p)
	if err != nil {
		return nil, err
	}
	room := limit - len(url.QueryEscape(strings.Join(fixed, " and ")+" and ()"))
	var out []string
	for _, part := range pack(widest, room, p.Or) {
		text := strings.Join(part, " or ")
		if len(part) > 1 && len(fixed) > 0 {
			text = "(" + text + ")"
		}
		out = append(out, strings.Join(append(append([]string(nil), fixed...), text), " and "))
	}
	return out, nil
}

// Fit gives the conjuncts of e, which must be as in Filters, that make filters
// of at most limit bytes; the longest ones are left out first.
func Fit(e predicate.Expr, p *catalog.Path, limit int) (fitting predicate.Expr, left []predicate.Expr, err error) {
	conjuncts := slices.Clone(predicate.Conjuncts(e))
	for len(conjuncts) > 0 {
		fixed, cut, err := separate(conjuncts, p)
		if err != nil {
			return nil, nil, err
		}
		if length(append(fixed, "("+longest(cut)+")")...) <= limit {
			break
		}
		at, most := 0, -1
		for i, c := range conjuncts {
			texts, err := alternatives(c, p)
			if err != nil {
				return nil, nil, err
			}
			if n := length(longest(texts)); n > most {
				at, most = i, n
			}
		}
		left = append(left, conjuncts[at])
		conjuncts = slices.Delete(conjuncts, at, at+1)
	}
	return predicate.AllOf(conjuncts...), left, nil
}

// length is the size of a conjunction in a URL.
func length(texts ...string) int { return len(url.QueryEscape(strings.Join(texts, " and "))) }

func longest(texts []string) string {
	return slices.MaxFunc(texts, func(a, b string) int { return cmp.Compare(length(a), length(b)) })
}

// Length is the size of a filter in a URL, in bytes.
func Length(filter string) int { return length(filter) }

// words are the operators' names in a filter.
var words = map[predicate.Operator]string{
	predicate.OpEq: "eq", predicate.OpSw: "sw", predicate.OpEw: "ew", predicate.OpCo: "co",
	predicate.OpGe: "ge", predicate.OpGt: "gt", predicate.OpLe: "le", predicate.OpLt: "lt",
}

// Word is the operator's name in a filter.
func Word(o predicate.Operator) string { return words[o] }

// Tests calls each with every test of a condition as Filters writes it.
func Tests(e predicate.Expr, p *catalog.Path, each func(attribute string, o predicate.Operator)) {
	predicate.Walk(e, func(e predicate.Expr) {
		switch e := e.(type) {
		case predicate.In:
			each(p.Filters[e.Column].Attribute, predicate.OpEq)
		case predicate.Match:
			each(p.Filters[e.Column].Attribute, matchOperators[e.Kind])
		case predicate.Cmp:
			if o, ok := compareOperators[e.Op]; ok {
				each(p.Filters[e.Column].Attribute, o)
			}
		}
	})
}

var (
	matchOperators   = [...]predicate.Operator{predicate.OpSw, predicate.OpEw, predicate.OpCo}
	compareOperators = map[predicate.Op]predicate.Operator{
		predicate.Eq: predicate.OpEq, predicate.Ge: predicate.OpGe, predicate.Gt: predicate.OpGt,
		predicate.Le: predicate.OpLe, predicate.Lt: predicate.OpLt,
	}
)

// separate gives the conjuncts that stand in every filter, as text, and the
// alternatives of the one that is cut: the one with the most text.
func separate(conjuncts []predicate.Expr, p *catalog.Path) (fixed, widest []string, err error) {
	all := make([][]string, len(conjuncts))
	cut, most := 0, -1
	for i, c := range conjuncts {
		if all[i], err = alternatives(c, p); err != nil {
			return nil, nil, err
		}
		if n := len(strings.Join(all[i], "")); len(all[i]) > 1 && n > most || most < 0 {
			cut, most = i, n
		}
	}
	for i, a := range all {
		if i == cut {
			continue
		}
		text := strings.Join(a, " or ")
		if len(a) > 1 {
			text = "(" + text + ")"
		}
		fixed = append(fixed, text)
	}
	return fixed, all[cut], nil
}

// pack groups alternatives so that each group fits the room; where they can't be
// joined by or, each is a group.
func pack(alternatives []string, room int, or bool) [][]string {
	var out [][]string
	var group []string
	used := 0
	for _, a := range alternatives {
		n := len(url.QueryEscape(a)) + len("+or+")
		if len(group) > 0 && (used+n > room || !or) {
			out = append(out, group)
			group, used = nil, 0
		}
		group = append(group, a)
		used += n
	}
	return append(out, group)
}

// alternatives writes a condition as texts joined by or.
func alternatives(e predicate.Expr, p *catalog.Path) ([]string, error) {
	switch e := e.(type) {
	case predicate.Or:
		var out []string
		for _, a := range e.Args {
			inner, err := alternatives(a, p)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		}
		return out, nil
	case predicate.In:
		out := make([]string, len(e.Values))
		for i, v := range e.Values {
			text, err := test(p, e.Column, predicate.OpEq, v)
			if err != nil {
				return nil, err
			}
			out[i] = text
		}
		sort.Strings(out)
		return out, nil
	default:
		text, err := one(e, p)
		return []string{text}, err
	}
}

func one(e predicate.Expr, p *catalog.Path) (string, error) {
	switch e := e.(type) {
	case predicate.And:
		parts := make([]string, len(e.Args))
		for i, a := range e.Args {
			alts, err := alternatives(a, p)
			if err != nil {
				return "", err
			}
			parts[i] = strings.Join(alts, " or ")
			if len(alts) > 1 {
				parts[i] = "(" + parts[i] + ")"
			}
		}
		return "(" + strings.Join(parts, " and ") + ")", nil
	case predicate.Cmp:
		return compare(p, e)
	case predicate.Match:
		return test(p, e.Column, matchOperators[e.Kind], predicate.StringValue(e.Text))
	default:
		return "", fmt.Errorf("scim: %T has no filter", e)
	}
}

// compare widens bounds finer than a millisecond outwards: the residual cuts.
func compare(p *catalog.Path, e predicate.Cmp) (string, error) {
	v := e.Value
	switch e.Op {
	case predicate.Ge, predicate.Gt:
		v.Time = v.Time.Truncate(time.Millisecond)
	case predicate.Le, predicate.Lt:
		v.Time = predicate.CeilMillis(v.Time)
	case predicate.Eq, predicate.Ne:
	}
	op, ok := compareOperators[e.Op]
	if !ok {
		return "", fmt.Errorf("scim: %s has no filter operator", e.Op)
	}
	return test(p, e.Column, op, v)
}

// test writes one test. Every value stands in quotes, numbers and Booleans
// too: so do those of the service's own clients.
func test(p *catalog.Path, column string, op predicate.Operator, v predicate.Value) (string, error) {
	f, ok := p.Filters[column]
	if !ok {
		return "", fmt.Errorf("scim: path %s can't test %s", p.Name, column)
	}
	return f.Attribute + " " + Word(op) + " " + Quote(v.Text()), nil
}

// Quote writes a string as a SCIM literal: a JSON string without escapes that
// JSON does not demand (RFC 7644 takes its values from RFC 7159).
func Quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Fill replaces {Column} in a filter template by the quoted key's value.
// Templates quote the place themselves, so only the inside is inserted.
func Fill(template string, values map[string]string) string {
	places := make([]string, 0, 2*len(values))
	for name, v := range values {
		quoted := Quote(v)
		places = append(places, "{"+name+"}", quoted[1:len(quoted)-1])
	}
	return strings.NewReplacer(places...).Replace(template) // in one pass: a value may look like a place
}
