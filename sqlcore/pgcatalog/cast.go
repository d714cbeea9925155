package pgcatalog

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

var (
	digits    = regexp.MustCompile(`^'[0-9]+'$`)
	parameter = regexp.MustCompile(`^\(?\s*\$[0-9]+\s*\)?$`)
)

// cast writes ::type for the types that the engine has not.
func (p *piece) cast() {
	p.at++
	for p.next(1).Is(".") {
		p.at += 2
	}
	name := strings.ToLower(p.next(0).Name())
	array := p.next(1).Is("[") && p.next(2).Is("]")
	operand := strings.TrimSpace(p.lastOperand())
	if strings.HasPrefix(operand, "('") && strings.HasSuffix(operand, "')") && strings.Count(operand, "'") == 2 {
		operand = operand[1 : len(operand)-1] // of CAST
	}
	literal := strings.HasPrefix(operand, "'") && strings.HasSuffix(operand, "'")
	done := func(text string) {
		p.at++
		p.replace(text)
	}
	switch {
	case name == "regclass" || name == "regtype" || name == "regnamespace":
		kind := strings.TrimPrefix(name, "reg")
		switch {
		case digits.MatchString(operand):
			done("CAST(" + operand + " AS BIGINT)")
		case literal && kind == "class" && ownRelation(operand) != nil:
			done("CAST(" + strconv.FormatInt(ownRelation(operand).oid, 10) + " AS BIGINT)")
		case parameter.MatchString(operand):
			value := "CAST(" + operand + " AS VARCHAR)"
			done("coalesce(TRY_CAST(" + value + " AS BIGINT), " + p.named(kind, value) + ")")
		case literal, strings.HasPrefix(strings.TrimLeft(operand, "("), "concat("):
			done(p.named(kind, operand))
		case p.next(1).Is("::") && strings.EqualFold(p.next(2).Name(), "oid") && !strings.HasSuffix(operand, "oid"):
			done(p.named(kind, operand))
		default:
			done(lookUp("name", kind, "g.gw_oid = "+operand))
		}
	case name == "regproc" || name == "regprocedure":
		p.procedure(operand, literal, done)
	case (name == "varchar" || name == "text") && vectors[lastName(operand)]:
		done("array_to_string(" + operand + ", ' ')")
	case array:
		p.out.WriteString("::" + cmp.Or(engineTypes[name], name) + "[]")
		p.at += 3
	case engineTypes[name] != "":
		p.out.WriteString("::" + engineTypes[name])
		p.at++
		p.changed = true
	default:
		p.out.WriteString("::")
		p.out.WriteString(p.next(0).Text)
		p.at++
	}
}

// ownRelation is the relation of pg_catalog that a literal names; nil for another.
func ownRelation(literal string) *relation {
	name := strings.ToLower(strings.ReplaceAll(strings.Trim(literal, "'"), `"`, ""))
	return relationNamed(strings.TrimPrefix(name, Name+"."))
}

// procedure writes a cast to regproc: an object id, which is shown by its name.
func (p *piece) procedure(operand string, literal bool, done func(string)) {
	switch {
	case literal:
		id := procedureNamed(strings.Trim(operand[strings.LastIndex(operand, ".")+1:], "'"))
		if id == "" {
			id = "NULL"
		}
		done("CAST(" + id + " AS BIGINT)")
	case p.next(1).Is("::"):
		done(lookUp("name", "proc", "g.gw_oid = "+operand))
	default:
		done(operand)
	}
}

// castCall turns CAST(x AS type) into (x)::type, for the types that cast is for.
func (p *piece) castCall() bool {
	open := p.at + 1
	end, as := sqltext.Closing(p.tokens, open), 0
	for i := open + 1; i < end; i++ {
		if p.tokens[i].Is("as") && p.tokens[i].Depth == p.tokens[open].Depth+1 {
			as = i
		}
	}
	if as == 0 || as+1 >= end || !ownTypes[strings.ToLower(p.tokens[end-1].Name())] {
		return false
	}
	colons := sqltext.Token{Kind: sqltext.Symbol, Text: "::", Start: p.tokens[end].End, End: p.tokens[end].End, Depth: p.tokens[open].Depth}
	out := append([]sqltext.Token{}, p.tokens[:p.at]...)
	out = append(append(out, p.tokens[open:as]...), p.tokens[end], colons)
	p.tokens = append(append(out, p.tokens[as+1:end]...), p.tokens[end+1:]...)
	p.changed = true
	return true
}

// ownTypes are the types that the engine has not, or by other names.
var ownTypes = sqltext.Set("regclass regtype regproc regnamespace oid xid name jsonb cstring cardinal_number")

func lastName(operand string) string {
	if i := strings.LastIndex(operand, "."); i >= 0 {
		operand = operand[i+1:]
	}
	return strings.ToLower(operand)
}

// engineTypes are the engine's names of PostgreSQL's types, where they are others.
var engineTypes = map[string]string{
	"name": "VARCHAR", "char": "VARCHAR", "bpchar": "VARCHAR", "cstring": "VARCHAR", "text": "VARCHAR", "sql_identifier": "VARCHAR",
	"character_data": "VARCHAR", "yes_or_no": "VARCHAR", "jsonb": "JSON", "oid": "BIGINT", "xid": "BIGINT", "cardinal_number": "INTEGER",
}

// named is the id of the thing that a text names.
func (p *piece) named(kind, operand string) string {
	name := "lower(replace(" + operand + ", '\"', ''))"
	switch kind {
	case "type":
		return lookUp("oid", kind, "(g.gw_bare = "+name+" OR g.gw_name = "+name+" OR 'pg_catalog.' || g.gw_bare = "+name+")")
	case "namespace":
		return lookUp("oid", kind, "lower(g.gw_bare) = "+name)
	}
	// The session's own schema and pg_catalog need no name before the table's.
	schema := strings.ToLower(p.session.Schema)
	return "coalesce(" + lookUp("oid", kind, "g.gw_bare = "+name) + ", " + lookUp("oid", kind, "g.gw_bare = "+sqltext.Literal(schema+".")+" || "+name) + ", " +
		lookUp("oid", kind, "g.gw_bare = 'pg_catalog.' || "+name) + ")"
}
