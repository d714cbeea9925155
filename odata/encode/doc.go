// Package encode writes Arrow record batches as OData payloads: JSON with
// minimal, full or no metadata, CSV, and the raw value of one cell.
//
// Everything is appended to a buffer that the caller reuses; no row is ever
// built as a map. The package knows neither requests nor the catalog's tables,
// only the columns it is told of.
package encode
