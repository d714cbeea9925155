// Package policy decides what a caller may see and do.
//
// One file says it, by role; docs/policies.md explains the format. A caller's
// rights are the union of the grants of its roles, and what no grant gives is
// not there: the Enforcer wraps a catalog.Provider so that hidden schemas,
// tables and columns do not exist for the caller, and row filters and masks
// travel with each table as a catalog.Restriction. Every front end, EXPLAIN
// and every error text agree, because all of them read the wrapped catalog.
package policy
