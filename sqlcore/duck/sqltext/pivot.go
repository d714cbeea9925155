package sqltext

import (
	"strconv"
	"strings"
)

// Pivot is a PIVOT statement that doesn't list the values that become columns.
type Pivot struct {
	tokens []Token
	// with ends the words before PIVOT; source and the elements of ON are from
	// one token to another, of which the last one is not meant.
	with   int
	source [2]int
	on     [][2]int
}

// endOfOn are the words behind the list of ON.
var endOfOn = []string{"using", "group", "order", "limit", "offset"}

// UnlistedPivot finds the elements of a PIVOT statement's ON that list no values;
// ok is false where there is none.
func UnlistedPivot(tokens []Token) (p Pivot, ok bool) {
	p = Pivot{tokens: tokens}
	at := func(from int, words ...string) int {
		for i := from; i < len(tokens); i++ {
			if tokens[i].Depth == 0 && tokens[i].IsAny(words...) {
				return i
			}
		}
		return len(tokens)
	}
	if len(tokens) == 0 || !tokens[0].Is("pivot") && !(tokens[0].Is("with") && mainVerb(tokens).Is("pivot")) {
		return p, false
	}
	p.with = at(0, "pivot")
	on := at(p.with, "on")
	p.source = [2]int{p.with + 1, on}
	if on >= len(tokens) || at(p.with, "join") < on {
		return p, false
	}
	end := min(at(on, endOfOn...), at(on, ";"))
	for from := on + 1; from < end; {
		to := min(at(from, ","), end)
		if in := at(from, "in"); in >= to && to > from {
			p.on = append(p.on, [2]int{from, min(at(from, "as"), to)})
		}
		from = to + 1
	}
	return p, len(p.on) > 0
}

// Elements is the number of elements without a list.
func (p *Pivot) Elements() int { return len(p.on) }

// Values is the query of the values of one of the elements, one more than so many
// at most, in their order. Its parameters are named; the map has the places that
// they have among those of the statement, from 0, or their names there.
func (p *Pivot) Values(element, most int) (sql string, parameters map[string]any) {
	parameters = map[string]any{}
	var b strings.Builder
	write := func(from, to int) {
		for i := from; i < to; i++ {
			t := p.tokens[i]
			if i > from && p.tokens[i-1].End < t.Start {
				b.WriteByte(' ')
			}
			if t.Kind != Param {
				b.WriteString(t.Text)
				continue
			}
			name := "pivot_" + strconv.Itoa(i)
			parameters[name] = p.parameter(i)
			b.WriteString(":" + name)
		}
	}
	write(0, p.with)
	b.WriteString(" SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT (")
	write(p.on[element][0], p.on[element][1])
	b.WriteString(") AS v FROM ")
	write(p.source[0], p.source[1])
	b.WriteString(") AS t WHERE v IS NOT NULL ORDER BY v LIMIT " + strconv.Itoa(most+1))
	return b.String(), parameters
}

// parameter tells the place, or the name, of the parameter at a token.
func (p *Pivot) parameter(at int) any {
	name := p.tokens[at].Text[1:]
	if n, err := strconv.Atoi(name); err == nil {
		return n - 1
	}
	if name != "" {
		return strings.ToLower(name)
	}
	n := 0
	for _, t := range p.tokens[:at] {
		if t.Kind == Param && t.Text == "?" {
			n++
		}
	}
	return n
}

// List gives the edit that writes values behind an element.
func (p *Pivot) List(element int, values []string) Edit {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = Literal(v)
	}
	end := p.tokens[p.on[element][1]-1].End
	return Edit{Start: end, End: end, Text: " IN (" + strings.Join(list, ", ") + ")"}
}
