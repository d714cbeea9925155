// Package tables holds the declarations of PingOne's tables: one YAML file a
// table, with its columns, access paths and documentation. schema.json
// describes the form for editors and reviewers; catalog.Load reads it.
package tables

import (
	"embed"
	"sync"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// The pages need rows of the simulator.
//
//go:generate go test -tags duckdb_arrow -run TestDocumentationIsCurrent -update .

// FS holds the declarations at its root.
//
//go:embed *.yaml
var FS embed.FS

// All gives the declared tables, which nobody may change: they are read once,
// however many connections there are.
var All = sync.OnceValues(func() ([]*catalog.Table, error) { return catalog.Load(FS) })
