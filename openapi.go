// Package gateway holds the documents that the gateway shows: the description of its
// HTTP interface, and the folder docs.
package gateway

import "embed"

// OpenAPI is openapi.yaml.
//
//go:embed openapi.yaml
var OpenAPI []byte

// Docs are the documents and their pictures, below docs/.
//
//go:embed docs/*.md docs/tables/*.md docs/images/*.png docs/images/*.svg
var Docs embed.FS
