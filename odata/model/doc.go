// Package model binds a parsed OData address to a schema: names to tables,
// columns and navigation properties, literals to types, and options to a bound
// query.
//
// A filter is bound twice. As SQL of the engine it has exactly OData's meaning,
// whatever functions it uses. As a predicate it keeps every row that the
// filter keeps, so that data sources can take part; where the predicate says
// it all, no SQL is needed. What the gateway doesn't evaluate is refused with
// gwerr.NotImplemented, never guessed.
//
// Source of the semantics: OData 4.01 Part 2, section 5.1.1.
package model
