package query

import (
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Statement is one SQL statement with its parameters, whatever front end it came
// through.
type Statement struct {
	SQL        string
	Positional []Parameter
	Named      map[string]Parameter
	// Safe is true for a request that must change nothing: a GET, which any
	// page or prefetch can cause.
	Safe bool
}

// Parameter is a parameter's value, null, or a list.
type Parameter struct {
	Value predicate.Value
	// Null is true for a null; Value doesn't count then.
	Null bool
	// List is the list's elements, which are no lists; nil for a single value.
	List []Parameter
}

// Answer is a statement's result.
type Answer struct {
	Columns []Column
	Rows    scan.Rows
	// Changed tells what a statement that writes did; nil for one that reads.
	Changed *Changed
}

// Changed is what a statement did to the directory.
type Changed struct {
	Verb string // INSERT, UPDATE or DELETE
	Rows int64
}
