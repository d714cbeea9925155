// Package odata serves schemas of a catalog as OData services, read-only, with
// version 4.0 answers unless a client asks for 4.01.
//
// A request goes through four stages, each a package: uri parses the address,
// model binds it to the schema, an Executor runs the bound query, encode writes
// the batches. This package holds what is HTTP: versions, media types,
// preferences, paging by signed continuation links, errors. It knows nothing
// of where rows come from.
//
// An answer that has begun is either completed or aborted: a feed that loses
// rows never ends well-formed.
package odata
