package pgcatalog

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// operators stand between the parts of an expression that has no name.
const operators = "+-*/%|=<>!~^&#@"

// expression finds name and type of an expression.
func (s *shaper) expression(tokens []sqltext.Token) listed {
	if len(tokens) == 0 {
		return listed{}
	}
	depth, cast := tokens[0].Depth, -1
	for i, t := range tokens {
		if t.Depth != depth {
			continue
		}
		switch {
		case tokens[0].Is("case"):
		case t.Kind == sqltext.Symbol && strings.ContainsAny(t.Text, operators), i > 0 && t.IsAny("and", "or", "is", "in", "like", "ilike", "between", "similar"), t.IsAny("not", "collate"):
			return listed{}
		case t.Is("::"):
			cast = i
		}
	}
	switch first := tokens[0]; {
	case cast >= 0 && first.IsAny("case"): // the cast is inside
	case cast == 0:
		return listed{}
	case cast > 0:
		return casted(s.expression(tokens[:cast]), tokens[cast+1:])
	}
	return s.primary(tokens)
}

// casted is an expression that was cast to a type.
func casted(inner listed, to []sqltext.Token) listed {
	for len(to) > 2 && to[1].Is(".") {
		to = to[2:]
	}
	if len(to) == 0 {
		return listed{}
	}
	name := strings.ToLower(to[0].Name())
	if full := internal[name]; full != "" {
		name = full
	}
	if (name == "timestamp" || name == "time") && len(to) > 1 && to[1].Is("with") {
		name += "tz"
	}
	inner.Type = typeNamed[name]
	if to[len(to)-1].Is("]") {
		inner.Type = typeNamed["_"+name]
	}
	if inner.strength == 0 {
		inner.Name, inner.strength = name, 1
	}
	return inner
}

// internal are the names under which PostgreSQL keeps types that are written
// otherwise.
var internal = map[string]string{
	"int": "int4", "integer": "int4", "bigint": "int8", "smallint": "int2", "boolean": "bool", "real": "float4", "double": "float8", "float": "float8",
	"decimal": "numeric", "character": "bpchar", "string": "text",
}

// primary is an expression without operators.
func (s *shaper) primary(tokens []sqltext.Token) listed {
	first := tokens[0]
	name := strings.ToLower(first.Name())
	called := len(tokens) > 1 && tokens[1].Is("(")
	named := func(name string, kind uint32) listed { return listed{Item: Item{name, kind}, strength: 2} }
	switch {
	case first.Is("case"):
		return s.caseOf(tokens)
	case first.Is("("):
		return s.brackets(tokens)
	case first.Is("exists") && called:
		return named("exists", 0)
	case first.Is("array") && len(tokens) > 1:
		out := named("array", 0)
		if inner := s.list(tokens[1:]); len(inner) == 1 && called {
			out.Type = arrayOf(inner[0].Type)
		}
		return out
	case (first.Is("cast") || first.Is("try_cast")) && called:
		for i := len(tokens) - 1; i > 1; i-- {
			if tokens[i].Is("as") && tokens[i].Depth == first.Depth+1 {
				return casted(s.expression(tokens[2:i]), tokens[i+1:sqltext.Closing(tokens, 1)])
			}
		}
		return listed{}
	case first.Is("true"), first.Is("false"):
		return listed{Item: Item{Name: "bool"}, strength: 1}
	case first.Is("null"), !first.IsName():
		return listed{}
	case len(tokens) == 1 && constants[name] != nil:
		return named(name, typeNamed["name"])
	case len(tokens) == 2 && tokens[1].Kind == sqltext.String: // date '2024-01-01'
		return listed{Item: Item{Name: name}, strength: 1}
	}
	return s.reference(tokens)
}

// brackets are an expression, or a query of one column, in brackets; perhaps
// with a field behind it.
func (s *shaper) brackets(tokens []sqltext.Token) listed {
	end := sqltext.Closing(tokens, 0)
	if end+2 < len(tokens) && tokens[end+1].Is(".") {
		return s.reference(tokens[end+2:])
	}
	if inner := s.list(tokens[:end]); len(inner) == 1 {
		inner[0].strength = 2
		return inner[0]
	}
	return s.expression(tokens[1:end])
}

// reference is a column or a call, with subscripts behind it.
func (s *shaper) reference(tokens []sqltext.Token) listed {
	i, of := 0, ""
	for i+2 < len(tokens) && tokens[i+1].Is(".") {
		of = strings.ToLower(tokens[i].Name())
		i += 2
	}
	if !tokens[i].IsName() {
		return listed{}
	}
	out := listed{Item: Item{Name: tokens[i].Name()}, strength: 2}
	lower := strings.ToLower(out.Name)
	subscript := i+1 < len(tokens) && tokens[i+1].Is("[")
	switch {
	case i+1 < len(tokens) && tokens[i+1].Is("("):
		out.Name, out.Type = lower, results[lower]
		if end := sqltext.Closing(tokens, i+1); end > i+2 {
			switch kind := s.expression(tokens[i+2 : end]).Type; lower {
			case "array_agg":
				out.Type = arrayOf(kind)
			case "unnest":
				out.Type = elementOf(kind)
			case "max", "min", "nullif", "coalesce":
				out.Type = kind
			}
		}
		if plain := commonNames[lower]; plain != "" {
			out.Name = plain
		}
	case s.catalog && !subscript:
		out.Name, out.Type = lower, s.columns.of(lower)
		if kind, ok := s.derived[of+"."+lower]; ok {
			out.Type = kind
		}
	case s.catalog:
		out.Name = lower
	}
	return out
}

// commonNames are those of functions that PostgreSQL knows by others.
var commonNames = map[string]string{"trim": "btrim", "count_star": "count"}

// caseOf is a CASE, which has the name of its ELSE, if that is one.
func (s *shaper) caseOf(tokens []sqltext.Token) listed {
	out := listed{Item: Item{Name: "case"}, strength: 1}
	depth, nested := tokens[0].Depth, 0
	for i, t := range tokens {
		switch {
		case t.Depth != depth:
		case t.Is("case"):
			nested++
		case t.Is("end"):
			nested--
		case nested == 1 && (t.Is("else") || t.Is("then")):
			end := i + 1
			for end < len(tokens) && (tokens[end].Depth != depth || !tokens[end].IsAny("when", "else", "end") || tokens[i+1].Is("case") && end < len(tokens)-1) {
				end++
			}
			branch := s.expression(tokens[i+1 : end])
			if t.Is("else") && branch.strength == 2 {
				out.Name, out.strength = branch.Name, 2
			}
			if out.Type == 0 {
				out.Type = branch.Type
			}
		}
	}
	return out
}

func elementOf(array uint32) uint32 {
	if t := typeByOID[int64(array)]; t != nil {
		return uint32(t.element)
	}
	return 0
}

func arrayOf(element uint32) uint32 {
	if t := typeByOID[int64(element)]; t != nil {
		return uint32(t.array)
	}
	return 0
}

// results are the types of functions that the engine has by another one.
var results map[string]uint32

func init() {
	results = map[string]uint32{}
	for name, kind := range map[string]string{
		"pg_get_userbyid": "name", "current_database": "name", "current_schema": "name", "current_schemas": "_name", "pg_encoding_to_char": "name",
		"to_regclass": "regclass", "to_regtype": "regtype", "array_lower": "int4", "array_upper": "int4", "row_number": "int8", "pg_backend_pid": "int4",
	} {
		results[name] = typeNamed[kind]
	}
}

// rename gives columns the names that stand behind their relation's.
func rename(columns []listed, names []sqltext.Token) {
	names = slices.DeleteFunc(slices.Clone(names), func(t sqltext.Token) bool { return !t.IsName() })
	for i := range min(len(columns), len(names)) {
		columns[i].Name = names[i].Name()
	}
}
