package model

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// values are the parameters of a statement: texts of the request, so that one
// plan serves them all.
type values struct{ names map[string]string }

// text writes a text into SQL. A parameter can't hold a NUL.
func (v *values) text(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		return textLiteral(s)
	}
	name, ok := v.names[s]
	if !ok {
		name = "$p" + itoa(len(v.names)+1) + "_"
		if v.names == nil {
			v.names = map[string]string{}
		}
		v.names[s] = name
	}
	return name
}

// of gives the parameters that the statement names: what was compiled twice, or in
// vain, may have left others.
func (v *values) of(sql string) map[string]query.Parameter {
	out := map[string]query.Parameter{}
	for text, name := range v.names {
		if strings.Contains(sql, name) {
			out[name[1:]] = query.Parameter{Value: predicate.StringValue(text)}
		}
	}
	return out
}

// inline writes the texts into SQL in the place of their names. A name between quotes is
// a part of what stands there.
func (v *values) inline(sql string) string {
	if len(v.names) == 0 {
		return sql
	}
	var pairs []string
	for text, name := range v.names {
		pairs = append(pairs, name, textLiteral(text))
	}
	literals := strings.NewReplacer(pairs...)
	var b strings.Builder
	for sql != "" {
		at := strings.IndexAny(sql, `'"`)
		if at < 0 {
			at = len(sql)
		}
		_, _ = literals.WriteString(&b, sql[:at]) // a strings.Builder takes all
		if sql = sql[at:]; sql == "" {
			break
		}
		end := strings.IndexByte(sql[1:], sql[0]) + 2 // doubled quotes end and begin a part
		if end < 2 {
			end = len(sql)
		}
		b.WriteString(sql[:end])
		sql = sql[end:]
	}
	return b.String()
}

// value writes a constant of a condition.
func (v *values) value(x predicate.Value) string {
	if x.Kind == predicate.String || x.Kind == predicate.UUID {
		return v.text(x.Str)
	}
	return valueSQL(x)
}

// whereSQL writes a condition on the rows of a scope, in the plain words that the
// statement's binder hands to data sources.
func whereSQL(s *scope, v *values, e predicate.Expr) string {
	list := func(args []predicate.Expr, word string) string {
		parts := make([]string, len(args))
		for i, a := range args {
			parts[i] = whereSQL(s, v, a)
		}
		return "(" + strings.Join(parts, word) + ")"
	}
	switch e := e.(type) {
	case predicate.Const:
		return truth(e.Truth)
	case predicate.And:
		return list(e.Args, " AND ")
	case predicate.Or:
		return list(e.Args, " OR ")
	case predicate.Not:
		return "(NOT " + whereSQL(s, v, e.Arg) + ")"
	case predicate.IsNull:
		return s.sql(e.Column) + " IS NULL"
	case predicate.Cmp:
		return s.sql(e.Column) + " " + e.Op.String() + " " + v.value(e.Value)
	case predicate.In:
		parts := make([]string, len(e.Values))
		for i, x := range e.Values {
			parts[i] = v.value(x)
		}
		return s.sql(e.Column) + " IN (" + strings.Join(parts, ", ") + ")"
	case predicate.Match:
		function := [...]string{predicate.Prefix: "starts_with", predicate.Suffix: "ends_with", predicate.Contains: "contains"}[e.Kind]
		return function + "(" + s.sql(e.Column) + ", " + v.text(e.Text) + ")"
	default:
		return "TRUE"
	}
}
