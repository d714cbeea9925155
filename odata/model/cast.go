package model

import (
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// primitives are the types that cast and isof take, with their SQL.
var primitives = map[string]struct {
	kind kind
	sql  string
}{
	"Edm.String": {textKind, "VARCHAR"}, "Edm.Boolean": {boolKind, "BOOLEAN"}, "Edm.Int16": {intKind, "SMALLINT"},
	"Edm.Int32": {intKind, "INTEGER"}, "Edm.Int64": {intKind, "BIGINT"}, "Edm.Decimal": {decimalKind, "DECIMAL(38, 10)"},
	"Edm.Double": {doubleKind, "DOUBLE"}, "Edm.Single": {doubleKind, "FLOAT"}, "Edm.Guid": {guidKind, "UUID"},
	"Edm.DateTimeOffset": {instantKind, "TIMESTAMPTZ"}, "Edm.Date": {dateKind, "DATE"}, "Edm.TimeOfDay": {clockKind, "TIME"},
	"Edm.Duration": {durationKind, "INTERVAL"},
}

// The patterns of literals, of which the engine would read more than OData has.
const (
	wholePattern  = `[+-]?[0-9]+`
	numberPattern = wholePattern + `(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?`
	dayPattern    = `[0-9]{4,}-[0-9]{2}-[0-9]{2}`
	clockPattern  = `[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]+)?`
	zonePattern   = `(?:[zZ]|[+-][0-9]{2}:[0-9]{2})`
)

// literalPatterns are the patterns of texts that are values of a type.
//
// Source: OData 4.01 ABNF, section 7 (literal data values).
var literalPatterns = map[kind]string{
	boolKind: `(?i:true|false)`, intKind: wholePattern, decimalKind: numberPattern, doubleKind: numberPattern + `|-?INF|NaN`,
	guidKind:    `[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`,
	instantKind: dayPattern + `[tT]` + clockPattern + zonePattern, dateKind: dayPattern, clockKind: clockPattern,
}

// literalSQL is a text where it is a literal of a kind, written as the engine reads it,
// and a text that is of no type elsewhere.
func literalSQL(sql string, k kind) string {
	if k == instantKind { // seconds may be left out
		sql = "regexp_replace(" + sql + ", '([tT][0-9]{2}:[0-9]{2})(" + zonePattern + ")$', '\\1:00\\2')"
	}
	if k == clockKind {
		sql = "regexp_replace(" + sql + ", '^([0-9]{2}:[0-9]{2})$', '\\1:00')"
	}
	return "regexp_extract(" + sql + ", '^(?:" + literalPatterns[k] + ")$')"
}

// cast compiles cast(x,Edm.T); what can't be converted is null.
//
// Source: OData 4.01 Part 2, section 5.1.1.10.1.
func (c *compiler) cast(e *uri.Cast) (term, error) {
	to, ok := primitives[e.Type.Name]
	if !ok || e.Type.Collection || e.X == nil {
		return term{}, c.unsupported(e.Offset, "a cast to "+e.Type.Name)
	}
	x, err := c.compile(e.X)
	if err != nil {
		return x, err
	}
	if x.kind == nullKind {
		return x, nil
	}
	out := term{kind: to.kind, nullable: true, nan: to.kind == doubleKind && (x.nan || x.kind == textKind), pos: e.Offset}
	switch {
	case x.kind == to.kind && !x.kind.numeric():
		return x, nil
	case x.kind.numeric() && to.kind == intKind:
		out.sql = "TRY_CAST(trunc(" + x.sql + ") AS " + to.sql + ")"
	case x.kind.numeric() && to.kind.numeric():
		out.sql = "TRY_CAST(" + x.sql + " AS " + to.sql + ")"
	case x.kind == textKind && to.kind != durationKind:
		out.sql = "TRY_CAST(" + literalSQL(x.sql, to.kind) + " AS " + to.sql + ")"
		if to.kind == guidKind {
			out.sql = "CAST(" + out.sql + " AS VARCHAR)"
		}
	case to.kind == textKind && (x.kind == intKind || x.kind == boolKind || x.kind == dateKind):
		out.sql = "CAST(" + x.sql + " AS VARCHAR)"
	case to.kind == textKind && x.kind == guidKind:
		out.sql = "lower(CAST(" + x.sql + " AS VARCHAR))"
	case to.kind == textKind && x.kind == instantKind:
		out.sql = "strftime(" + strings.ReplaceAll(utc, "$1", x.sql) + ", '%Y-%m-%dT%H:%M:%S.%gZ')"
	case to.kind == dateKind && x.kind == instantKind:
		out.sql = "CAST(" + strings.ReplaceAll(utc, "$1", x.sql) + " AS DATE)"
	case to.kind == instantKind && x.kind == dateKind:
		out.sql = instantOfDate(x.sql)
	default:
		return out, c.unsupported(e.Offset, "a cast of "+x.kind.String()+" to "+e.Type.Name)
	}
	return out, nil
}

// isOf compiles isof. Types are known beforehand, so it only asks for null.
//
// Source: OData 4.01 Part 2, section 5.1.1.10.2.
func (c *compiler) isOf(e *uri.IsOf) (term, error) {
	out := term{kind: boolKind, pos: e.Offset}
	if e.X == nil {
		out.sql = truth(e.Type.Name == c.typeName() && !e.Type.Collection)
		return out, nil
	}
	x, err := c.compile(e.X)
	if err != nil {
		return out, err
	}
	to, ok := primitives[e.Type.Name]
	switch {
	case !ok:
		return out, c.fail(gwerr.TypeMismatch, e.Type.Offset, "There is no type %s.", e.Type.Name)
	case e.Type.Collection:
		out.sql = truth(x.kind == listKind && to.kind == textKind)
	case x.kind == to.kind && x.kind != nullKind:
		out.sql = "(" + x.sql + " IS NOT NULL)"
	default:
		out.sql = "FALSE"
	}
	return out, nil
}

// cases compiles case(when:then,…); its branches must have one type.
//
// Source: OData 4.01 Part 2, section 5.1.1.12.1.
func (c *compiler) cases(e *uri.Case) (term, error) {
	out := term{kind: nullKind, nullable: true, pos: e.Offset}
	var b strings.Builder
	b.WriteString("(CASE")
	for _, branch := range e.Branches {
		when, err := c.condition(branch.When)
		if err != nil {
			return out, err
		}
		then, err := c.compile(branch.Then)
		if err != nil {
			return out, err
		}
		if out.kind == nullKind {
			out.kind = then.kind
		}
		if then.kind != nullKind && then.kind != out.kind && (!then.kind.numeric() || !out.kind.numeric()) {
			return out, c.fail(gwerr.TypeMismatch, then.pos, "The branches of case have the types %s and %s.", out.kind, then.kind)
		}
		if then.kind.numeric() {
			out.kind = max(out.kind, then.kind) // the widest stands last
		}
		out.nan = out.nan || then.nan
		b.WriteString(" WHEN " + when + " THEN " + then.sql)
	}
	b.WriteString(" END)")
	out.sql = b.String()
	if out.kind == nullKind {
		out.sql = "NULL"
	}
	return out, nil
}
