// Package console shows the services of a connection to people: at the addresses of
// OData, where a browser asks for HTML. It lists the services and their tables, and
// shows what a table means, its columns, its first rows as the caller sees them, and
// the links that other programs take. Everything else goes to the handler of OData.
//
// The pages need no script, and hold all that they show. Callers, rights, limits and
// the audit trail are those of the data.
package console
