package pgcatalog

import (
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// constants are the words that stand for a value without brackets.
var constants = map[string]func(s *Session) string{
	"current_user": user, "session_user": user, "current_role": user, "current_catalog": database, "current_schema": schema,
}

func user(s *Session) string     { return sqltext.Literal(s.User) }
func database(s *Session) string { return sqltext.Literal(s.Database) }
func schema(s *Session) string   { return sqltext.Literal(s.Schema) }

// call writes a function with its arguments; table is true where it stands after
// FROM. "" leaves the function as it is.
type call func(s *Session, args []string, table bool) string

// functions are PostgreSQL's, by name.
var functions map[string]call

func init() { // they write names by the rewriter, which refers to this map
	functions = map[string]call{
		"current_setting": setting, "pg_get_indexdef": indexDef, "to_regclass": converted("class"), "to_regtype": converted("type"),
		"parse_ident": parseIdent, "format": format, "generate_series": series, "generate_subscripts": subscripts,
	}
	for _, line := range file("functions.tsv")[1:] {
		f := append(strings.Split(line, "\t"), "")
		functions[f[0]] = template(f[1], f[2], f[3])
	}
}

// template writes a function as functions.tsv has it.
func template(arguments, text, after string) call {
	least, more := strings.CutSuffix(arguments, "+")
	n, _ := strconv.Atoi(least)
	return func(s *Session, args []string, table bool) string {
		if len(args) < n || len(args) > n && !more && arguments != "" {
			return ""
		}
		places := []string{"{*}", strings.Join(args, ", "), "{database}", database(s), "{schema}", schema(s), "{process}", strconv.FormatUint(uint64(s.Process), 10)}
		for i, a := range args {
			places = append(places, "{"+strconv.Itoa(i+1)+"}", a)
		}
		if table && after != "" {
			return strings.NewReplacer(places...).Replace(after)
		}
		return strings.NewReplacer(places...).Replace(text)
	}
}

func setting(s *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	name, ok := sqltext.Unquote(args[0])
	if !ok || s.Setting == nil {
		return ""
	}
	value, known := s.Setting(name)
	if !known {
		return "CAST(NULL AS VARCHAR)"
	}
	return sqltext.Literal(value)
}

// indexDef is an index's definition, or one of its columns. The pretty form of
// the whole has the table without its schema where that needs none.
func indexDef(_ *Session, args []string, _ bool) string {
	switch {
	case len(args) == 0:
		return ""
	case len(args) == 1:
		return lookUp("name", "index", "g.gw_oid = "+args[0]+" AND g.gw_place = 0")
	case len(args) > 2 && args[1] == "0" && args[2] == "true":
		return lookUp("bare", "index", "g.gw_oid = "+args[0]+" AND g.gw_place = 0")
	default:
		return lookUp("name", "index", "g.gw_oid = "+args[0]+" AND g.gw_place = "+args[1])
	}
}

func converted(kind string) call {
	return func(s *Session, args []string, _ bool) string {
		if len(args) == 0 {
			return ""
		}
		return (&piece{rewriter: &rewriter{session: s}}).named(kind, args[0])
	}
}

// parseIdent takes a name in a literal apart.
func parseIdent(_ *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	name, ok := sqltext.Unquote(args[0])
	tokens, err := sqltext.Lex(name)
	if !ok || err != nil {
		return ""
	}
	var parts []string
	for i, t := range tokens {
		switch {
		case i%2 == 1 && t.Is("."):
		case i%2 == 0 && t.Kind == sqltext.Word:
			parts = append(parts, sqltext.Literal(strings.ToLower(t.Text)))
		case i%2 == 0 && t.IsName():
			parts = append(parts, sqltext.Literal(t.Name()))
		default:
			return ""
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// format is PostgreSQL's, with %s and %I; other formats are left as they are.
func format(s *Session, args []string, _ bool) string {
	if len(args) == 0 {
		return ""
	}
	text, ok := sqltext.Unquote(args[0])
	pieces := strings.Split(text, "%")
	if !ok || len(pieces) != len(args) || len(args) == 1 {
		return ""
	}
	out := []string{sqltext.Literal(pieces[0])}
	for i, piece := range pieces[1:] {
		switch {
		case strings.HasPrefix(piece, "s"):
			out = append(out, args[i+1])
		case strings.HasPrefix(piece, "I"):
			out = append(out, functions["quote_ident"](s, args[i+1:i+2], false))
		default:
			return ""
		}
		out = append(out, sqltext.Literal(piece[1:]))
	}
	return "concat(" + strings.Join(out, ", ") + ")"
}

// placesOf are the places of a list's elements, one a row.
func placesOf(list string) string {
	return "unnest(list_transform(" + list + ", lambda pg_x, pg_n: CAST(pg_n AS INTEGER)))"
}

// series is generate_series outside of FROM: over the places of a list, or from
// one small number to another.
func series(_ *Session, args []string, table bool) string {
	if len(args) != 2 || table {
		return ""
	}
	if list, ok := strings.CutPrefix(args[1], "len("); ok && args[0] == "1" {
		return placesOf(strings.TrimSuffix(list, ")"))
	}
	from, err1 := strconv.Atoi(args[0])
	to, err2 := strconv.Atoi(args[1])
	if err1 != nil || err2 != nil || to-from > 1000 {
		return ""
	}
	var all []string
	for ; from <= to; from++ {
		all = append(all, strconv.Itoa(from))
	}
	return "unnest([" + strings.Join(all, ", ") + "])"
}

func subscripts(_ *Session, args []string, table bool) string {
	if len(args) == 0 || table {
		return ""
	}
	return placesOf(args[0])
}
