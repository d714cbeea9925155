// Package tables holds the declarations of PingOne's tables: one YAML file a
// table, with its columns, access paths and documentation. schema.json
// describes the form for editors and reviewers; catalog.Load reads it.
package tables

import "embed"

// FS holds the declarations at its root.
//
//go:embed *.yaml
var FS embed.FS
