// Package gateway holds the description of the gateway's HTTP interface.
package gateway

import _ "embed"

// OpenAPI is openapi.yaml.
//
//go:embed openapi.yaml
var OpenAPI []byte
