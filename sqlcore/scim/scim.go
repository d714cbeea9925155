// Package scim writes conditions in the filter language of SCIM 2.0 (RFC 7644,
// section 3.4.2.2), as far as a table's access path declares it.
//
// It is the only place that quotes values for an upstream filter.
package scim

import (
	"fmt"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Capabilities gives what the path can test, for predicate.Split. Operators
// that no documentation confirms count only when unconfirmed is set.
func Capabilities(p *catalog.Path, unconfirmed bool) predicate.Capabilities {
	caps := predicate.Capabilities{And: p.And, Or: p.Or, Columns: make(map[string]predicate.Capability, len(p.Filters))}
	for column, f := range p.Filters {
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
// whole.
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
	for _, part := range pack(widest, room) {
		text := strings.Join(part, " or ")
		if len(part) > 1 && len(fixed) > 0 {
			text = "(" + text + ")"
		}
		out = append(out, strings.Join(append(append([]string(nil), fixed...), text), " and "))
	}
	return out, nil
}

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

// pack groups alternatives so that each group fits the room.
func pack(alternatives []string, room int) [][]string {
	var out [][]string
	var group []string
	used := 0
	for _, a := range alternatives {
		n := len(url.QueryEscape(a)) + len("+or+")
		if len(group) > 0 && used+n > room {
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
			text, err := test(p, e.Column, "eq", v)
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
		op := [...]string{"sw", "ew", "co"}[e.Kind]
		return test(p, e.Column, op, predicate.StringValue(e.Text))
	default:
		return "", fmt.Errorf("scim: %T has no filter", e)
	}
}

// compare widens bounds finer than a millisecond outwards: the residual cuts.
func compare(p *catalog.Path, e predicate.Cmp) (string, error) {
	v := e.Value
	var op string
	switch e.Op {
	case predicate.Eq:
		op = "eq"
	case predicate.Ge:
		op, v.Time = "ge", v.Time.Truncate(time.Millisecond)
	case predicate.Gt:
		op, v.Time = "gt", v.Time.Truncate(time.Millisecond)
	case predicate.Le:
		op, v.Time = "le", predicate.CeilMillis(v.Time)
	case predicate.Lt:
		op, v.Time = "lt", predicate.CeilMillis(v.Time)
	default:
		return "", fmt.Errorf("scim: %s has no filter operator", e.Op)
	}
	return test(p, e.Column, op, v)
}

func test(p *catalog.Path, column, op string, v predicate.Value) (string, error) {
	f, ok := p.Filters[column]
	if !ok {
		return "", fmt.Errorf("scim: path %s can't test %s", p.Name, column)
	}
	text := v.Text()
	if !f.Bare {
		text = Quote(text)
	}
	return f.Attribute + " " + op + " " + text, nil
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
	for name, v := range values {
		quoted := Quote(v)
		template = strings.ReplaceAll(template, "{"+name+"}", quoted[1:len(quoted)-1])
	}
	return template
}
