// Package tables holds the declarations of PingOne's tables: one YAML file a
// table, with its columns, access paths and documentation. schema.json
// describes the form for editors and reviewers; catalog.Load reads it.
package tables

import (
	"embed"
	"sync"
	"time"

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

// Changes is the table by which changes of users and groups are known. PingOne has its
// rows at hand for 14 days, and says nowhere how soon a change is there; the time for
// late ones is our guess.
var Changes = &catalog.ChangeLog{
	Table: "ActivityResources", Time: "RecordedAt", Kind: "ResourceType", Key: "ResourceId",
	Kinds: map[string]string{"Users": "USER", "Groups": "GROUP"},
	Kept:  13 * 24 * time.Hour, Late: 15 * time.Minute,
}
