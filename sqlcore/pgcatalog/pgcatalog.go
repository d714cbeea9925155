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
)

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
	if r := declared[t.Name]; r != nil && s.Name == Name {
		return r.oid
	}
	return oid("class", id(s.Name, s.ID), t.Name)
}

func indexOID(s *catalog.Schema, t *catalog.Table) int64 {
	return oid("index", id(s.Name, s.ID), t.Name)
}

func keyOID(s *catalog.Schema, name string) int64 { return oid("constraint", id(s.Name, s.ID), name) }

func defaultOID(s *catalog.Schema, t *catalog.Table, c *catalog.Column) int64 {
	return oid("default", id(s.Name, s.ID), t.Name, c.Name)
}

// Schema is pg_catalog. Its tables are found without the schema's name, too.
func Schema() *system.Schema { return system.NewSchema(Name, true, relations()...) }
