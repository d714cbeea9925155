// Package uri parses the address of an OData request, its path below the
// service root and its query string, into an immutable typed syntax tree.
//
// The grammar is that of the OData 4.01 ABNF with the rules of OData 4.0
// where both differ (options with or without `$`, method and operator names
// in any case). The package knows no tables, no types and no PingOne: names
// stay names, and whoever holds the model binds them. In particular it does
// not decide whether `Orders(ID=1)` is a key or a function call, nor whether
// `Model.Manager` is a type or a function.
//
// Every node knows its byte offset in the percent-decoded option value (or
// path), and so does every error. Errors have one of these codes:
// gwerr.Syntax (the text breaks the grammar), gwerr.UnknownFunction (a call
// of a method that OData does not have), gwerr.BadRequest (an unknown or
// repeated option) and gwerr.TooLarge (a limit of Limits was passed).
//
// This is the only package that imports github.com/CiscoM31/godata.
package uri
