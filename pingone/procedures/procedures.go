// Package procedures holds the declarations of what PingOne does beside changing
// rows: YAML files of procedures, with inputs, outputs and the call.
// pingone/tables/schema.json describes the form; catalog.LoadProcedures reads it.
package procedures

import (
	"embed"
	"sync"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// FS holds the declarations at its root.
//
//go:embed *.yaml
var FS embed.FS

// All gives the declared procedures, which nobody may change: they are read once,
// however many connections there are.
var All = sync.OnceValues(func() ([]*catalog.Procedure, error) { return catalog.LoadProcedures(FS) })
