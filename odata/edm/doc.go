// Package edm writes the entity data model of a schema: the $metadata document
// as CSDL XML or JSON, and the service document.
//
// It derives everything from the catalog: tables become entity types and
// sets, references become navigation properties. Only annotations that old
// readers know are written, because Excel and Power BI reject a model with a
// term or an enumeration member that they can't resolve.
//
// Names of tables, entities and columns must be OData identifiers. The package knows no requests and no data.
package edm
