// Package pgcatalog is PostgreSQL's system catalog over a caller's view of the
// gateway's: the relations of the schema pg_catalog as system tables, and the
// rewriting of the statements that clients send to read them.
//
// Relations have the columns of PostgreSQL 15, and rows as it would give them for
// the same tables. What a directory has nothing like, such as triggers, is a
// relation without rows. Object ids are hashes of names, so that they are the
// same in all replicas and after a restart.
package pgcatalog

import (
	"hash/fnv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// Name is the schema's.
const Name = "pg_catalog"

// Owner is the role that owns everything.
const Owner = "gateway"

const (
	ownerOID    = 10
	databaseOID = 5
	catalogOID  = 11
	btreeOID    = 403
	heapOID     = 2
	defaultOID  = 100 // the collation
)

// known are the object ids that clients rely on (src/include/catalog/*.h).
var known = map[string]int64{
	"pg_type": 1247, "pg_attribute": 1249, "pg_proc": 1255, "pg_class": 1259, "pg_database": 1262, "pg_constraint": 2606, "pg_description": 2609,
	"pg_namespace": 2615, "pg_extension": 3079, "pg_index": 2610,
}

// oid is the object id of a thing of that kind and name.
func oid(kind string, names ...string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(kind + "\x00" + strings.ToLower(strings.Join(names, "\x00")))) // it never fails
	const first = 16384
	return first + int64(h.Sum32()%(1<<31-first))
}

// id names a schema among all: an environment's id, or else its name.
func id(s, environment string) string {
	if environment != "" {
		return environment
	}
	return s
}

func namespaceOID(name, environment string) int64 {
	switch name {
	case Name:
		return catalogOID
	case "information_schema":
		return 13000
	}
	return oid("namespace", id(name, environment))
}

func tableOID(s *catalog.Schema, t *catalog.Table) int64 {
	if n, ok := known[t.Name]; ok && s.Name == Name {
		return n
	}
	return oid("class", id(s.Name, s.ID), t.Name)
}

func indexOID(s *catalog.Schema, t *catalog.Table) int64 {
	return oid("index", id(s.Name, s.ID), t.Name)
}

func keyOID(s *catalog.Schema, name string) int64 { return oid("constraint", id(s.Name, s.ID), name) }

// Schema is pg_catalog. Its tables are found without the schema's name, too.
func Schema() *system.Schema { return system.NewSchema(Name, true, relations()...) }

// columns reads declarations such as "oid n, relname t": t is text, n a number
// of 64 bits, i one of 32, b a truth value, f a floating-point number, l a list
// of numbers and s one of texts.
func columns(spec string) []catalog.Column {
	var out []catalog.Column
	for _, one := range strings.Split(spec, ",") {
		f := strings.Fields(one)
		kind := catalog.String
		if len(f) > 1 {
			kind = map[string]catalog.Type{
				"t": catalog.String, "n": catalog.Int64, "i": catalog.Int32, "b": catalog.Bool, "f": catalog.Float64,
				"l": catalog.Int32List, "s": catalog.StringList, "z": catalog.Timestamp,
			}[f[1]]
		}
		out = append(out, catalog.Column{Name: f[0], Type: kind})
	}
	return out
}
