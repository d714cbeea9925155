package sim

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// predicate is a compiled filter on users.
type predicate interface{ match(s *subject) bool }

type (
	allOf  []predicate
	anyOf  []predicate
	nobody struct{}

	textIs struct {
		attribute data.Text
		op        string
		value     string // folded
	}
	startsWithAny struct {
		attribute data.Text
		values    map[rune][]string // folded, by their first character
	}
	customIs struct {
		attribute int
		op        string
		value     string
	}
	enabledIs    struct{ op, value string }
	populationIn []int
	idIs         struct{ index uint32 }
	validityIs   struct { // the begin or end of validity, Unix milliseconds
		end bool
		at  int64
	}
	memberOf struct {
		group int
		below []int
		want  membership // outside: either
	}
)

func (p allOf) match(s *subject) bool {
	for _, child := range p {
		if !child.match(s) {
			return false
		}
	}
	return true
}

func (p anyOf) match(s *subject) bool {
	for _, child := range p {
		if child.match(s) {
			return true
		}
	}
	return false
}

func (nobody) match(*subject) bool { return false }

func (p *textIs) match(s *subject) bool {
	v := s.text(p.attribute)
	if v == "" {
		return false
	}
	switch p.op {
	case "eq":
		return foldEqual(v, p.value)
	case "sw":
		return foldPrefix(v, p.value)
	case "ew":
		return strings.HasSuffix(fold(v), p.value)
	}
	return strings.Contains(fold(v), p.value)
}

func (p *startsWithAny) match(s *subject) bool {
	v := s.text(p.attribute)
	if v == "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(v)
	for _, value := range p.values[foldRune(first)] {
		if foldPrefix(v, value) {
			return true
		}
	}
	return false
}

// joinPrefixes tests all prefixes of an attribute at once: clients divide a
// large listing by long chains of them, and making an attribute of a seeded
// user costs more than comparing it.
func joinPrefixes(children []predicate) predicate {
	var out anyOf
	joined := make(map[data.Text]*startsWithAny)
	for _, child := range children {
		t, ok := child.(*textIs)
		if !ok || t.op != "sw" || t.value == "" {
			out = append(out, child)
			continue
		}
		p := joined[t.attribute]
		if p == nil {
			p = &startsWithAny{t.attribute, make(map[rune][]string)}
			joined[t.attribute], out = p, append(out, p)
		}
		first, _ := utf8.DecodeRuneInString(t.value)
		p.values[first] = append(p.values[first], t.value)
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func (p *customIs) match(s *subject) bool {
	for _, v := range s.custom(p.attribute) {
		if v == p.value || p.op == "sw" && strings.HasPrefix(v, p.value) {
			return true
		}
	}
	return false
}

func (p *enabledIs) match(s *subject) bool {
	v := "false"
	if s.enabled() {
		v = "true"
	}
	return v == p.value || p.op == "sw" && strings.HasPrefix(v, p.value)
}

func (p populationIn) match(s *subject) bool { return slices.Contains(p, s.population()) }

func (p validityIs) match(s *subject) bool {
	times := s.times()
	if p.end {
		return times.End == p.at
	}
	return times.Start == p.at
}

func (p idIs) match(s *subject) bool { return s.index == p.index }

func (p *memberOf) match(s *subject) bool {
	e := s.environment
	if e.direct(s, p.group) {
		return p.want != indirectly
	}
	if p.want == directly {
		return false
	}
	if e.dynamic(s, p.group) {
		return true
	}
	for _, g := range p.below {
		if e.direct(s, g) || e.dynamic(s, g) {
			return true
		}
	}
	return false
}

// compile turns a checked filter on users into a predicate. The environment's
// lock is held.
func (e *environment) compile(x *scim.Expr) predicate {
	switch x.Kind {
	case scim.And:
		return allOf(e.compileAll(x.Children))
	case scim.Or:
		return joinPrefixes(e.compileAll(x.Children))
	case scim.Path:
		return e.compileGroupPath(x)
	}
	value := x.Value.Text
	switch x.Attr {
	case "enabled":
		return &enabledIs{x.Op, strings.ToLower(value)}
	case "population.id":
		if p, ok := e.populationByID(value); ok {
			return populationIn{p}
		}
		return nobody{}
	case "id":
		if id, ok := data.ParseID(value); ok {
			if i, ok := e.people.Index(id); ok {
				return idIs{i}
			}
		}
		return nobody{}
	}
	if a := slices.Index(data.Names[:], x.Attr); a >= 0 {
		return &textIs{data.Text(a), x.Op, fold(value)}
	}
	for k, a := range e.attributes {
		if a.name == x.Attr && a.schemaType == "CUSTOM" && !a.deleted {
			return &customIs{k, x.Op, value}
		}
	}
	if at, err := time.Parse(time.RFC3339, value); err == nil && (x.Attr == "startDate" || x.Attr == "endDate") {
		return validityIs{x.Attr == "endDate", at.UnixMilli()}
	}
	return nobody{}
}

func (e *environment) compileAll(xs []*scim.Expr) []predicate {
	out := make([]predicate, len(xs))
	for i, x := range xs {
		out[i] = e.compile(x)
	}
	return out
}

func (e *environment) compileGroupPath(x *scim.Expr) predicate {
	id, kind := groupPath(x)
	g, ok := e.groupByID(id)
	if !ok {
		return nobody{}
	}
	p := &memberOf{group: g, below: e.nesting().descendants[g]}
	switch kind {
	case "DIRECT":
		p.want = directly
	case "INDIRECT":
		p.want = indirectly
	}
	return p
}

// candidates narrows a predicate to few seeded users by index, if it can.
func (e *environment) candidates(p predicate) ([]uint32, bool) {
	switch p := p.(type) {
	case nobody:
		return nil, true
	case idIs:
		return []uint32{p.index}, p.index < e.people.Count()
	case *textIs:
		if p.op != "eq" || p.attribute > data.AccountID {
			return nil, false
		}
		return lookup(e.index(p.attribute), foldHash(p.value)), true
	case allOf:
		for _, child := range p {
			if rows, ok := e.candidates(child); ok {
				return rows, true
			}
		}
	case anyOf:
		var all []uint32
		for _, child := range p {
			rows, ok := e.candidates(child)
			if !ok {
				return nil, false
			}
			all = append(all, rows...)
		}
		slices.Sort(all)
		return slices.Compact(all), true
	}
	return nil, false
}

func lookup(index []indexEntry, hash uint32) []uint32 {
	at, _ := slices.BinarySearchFunc(index, hash, func(e indexEntry, h uint32) int { return cmpUint32(e.hash, h) })
	var rows []uint32
	for ; at < len(index) && index[at].hash == hash; at++ {
		rows = append(rows, index[at].user)
	}
	return rows
}
