package pgcatalog

import (
	"embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// data is what PostgreSQL 15 says of itself: its relations with their columns,
// and the rows of those that are the same everywhere. A test compares it with a
// real one, and writes it anew. The functions, roles and settings are the gateway's
// own.
//
//go:embed data
var data embed.FS

// relation is one of PostgreSQL's.
type relation struct {
	name, kind string
	oid        int64
	columns    []relationColumn
}

type relationColumn struct {
	name, kind string
	notNull    bool
}

func file(name string) []string {
	raw, err := data.ReadFile("data/" + name)
	if err != nil {
		panic(err) // a defect of the build
	}
	return strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
}

// declared are the relations, by name.
var declared = func() map[string]*relation {
	out := map[string]*relation{}
	for _, line := range file("relations.txt") {
		head, columns, _ := strings.Cut(line, ": ")
		f := strings.Fields(head)
		r := &relation{name: f[0], kind: f[1]}
		r.oid, _ = strconv.ParseInt(f[2], 10, 64)
		for _, c := range strings.Split(columns, ", ") {
			name, kind, _ := strings.Cut(c, " ")
			r.columns = append(r.columns, relationColumn{name, strings.TrimSuffix(kind, "!"), strings.HasSuffix(kind, "!")})
		}
		out[r.name] = r
	}
	return out
}()

func relationNamed(name string) *relation { return declared[name] }

// ColumnTypes are the types of the columns of one of PostgreSQL's relations, by
// name; nil for another name.
func ColumnTypes(relation string) map[string]uint32 {
	r := declared[strings.ToLower(relation)]
	if r == nil {
		return nil
	}
	out := make(map[string]uint32, len(r.columns))
	for _, c := range r.columns {
		out[c.name] = typeNamed[c.kind]
	}
	return out
}

// columnTypes are the types of the relations' columns, by name: those that have
// it in all relations.
var columnTypes = func() map[string]uint32 {
	out := map[string]uint32{}
	for _, r := range declared {
		for _, c := range r.columns {
			kind := typeNamed[c.kind]
			if other, twice := out[c.name]; twice && other != kind {
				kind = 0
			}
			out[c.name] = kind
		}
	}
	return out
}()

// informationTypes are the same for information_schema.
var informationTypes = func() map[string]uint32 {
	out := map[string]uint32{}
	for _, line := range file("information.txt") {
		name, kind, _ := strings.Cut(line, " ")
		out[name] = typeNamed[kind]
	}
	return out
}()

// kept is the type in which the engine has values of one of PostgreSQL's.
func kept(kind string) catalog.Type {
	switch kind {
	case "oid", "xid", "int8", "regproc", "regtype":
		return catalog.Int64
	case "int2", "int4":
		return catalog.Int32
	case "bool":
		return catalog.Bool
	case "float4", "float8":
		return catalog.Float64
	case "timestamptz":
		return catalog.Timestamp
	case "int2vector", "oidvector", "_int2", "_oid", "_regtype":
		return catalog.Int32List
	}
	if strings.HasPrefix(kind, "_") {
		return catalog.StringList
	}
	return catalog.String
}

// tableColumns are a relation's columns, as the engine has them.
func (r *relation) tableColumns() []catalog.Column {
	out := make([]catalog.Column, len(r.columns))
	for i, c := range r.columns {
		out[i] = catalog.Column{Name: c.name, Type: kept(c.kind)}
	}
	return out
}

// constant are the rows of a relation that are the same everywhere.
func (r *relation) constant() []row {
	var out []row
	for _, line := range file(r.name + ".tsv") {
		cells := strings.Split(line, "\t")
		values := make(row, len(cells))
		for i, c := range cells {
			values[i] = value(c, kept(r.columns[i].kind))
		}
		out = append(out, values)
	}
	return out
}

// value reads a cell as COPY writes it.
func value(text string, t catalog.Type) any {
	if text == `\N` {
		return nil
	}
	switch t { //nolint:exhaustive // the others are texts
	case catalog.Int64, catalog.Int32:
		n, _ := strconv.ParseInt(text, 10, 64)
		return n
	case catalog.Bool:
		return text == "t"
	case catalog.Float64:
		f, _ := strconv.ParseFloat(text, 64)
		return f
	case catalog.Int32List:
		out := []int64{}
		for _, n := range strings.Fields(strings.NewReplacer("{", "", "}", "", ",", " ").Replace(text)) {
			i, _ := strconv.ParseInt(n, 10, 64)
			out = append(out, i)
		}
		return out
	case catalog.StringList:
		return strings.Split(strings.Trim(text, "{}"), ",")
	}
	return text
}

// Setting is a parameter of a session.
type Setting struct {
	Name, Value string
	Fixed       bool // no client changes it
}

// Settings are those that clients ask for, with their values at the start.
func Settings() (out []Setting) {
	for _, r := range declared["pg_settings"].constant() {
		out = append(out, Setting{fmt.Sprint(r[0]), fmt.Sprint(r[1]), r[6] == "internal"})
	}
	return out
}

// procedures are the functions that types and access methods name, by object id.
var procedures = func() map[int64]string {
	out := map[int64]string{0: "-"}
	for _, r := range declared["pg_proc"].constant() {
		oid, _ := r[0].(int64)
		out[oid], _ = r[1].(string)
	}
	return out
}()

// Procedure is the name of a function, as regproc shows it.
func Procedure(oid int64) string {
	if name, ok := procedures[oid]; ok {
		return name
	}
	return strconv.FormatInt(oid, 10)
}

// procedureNamed finds a function's object id; "" where there is none.
func procedureNamed(name string) string {
	for oid, n := range procedures {
		if n == name {
			return strconv.FormatInt(oid, 10)
		}
	}
	return ""
}
