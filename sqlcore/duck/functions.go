//go:build duckdb_arrow

package duck

import (
	_ "embed"
	"strings"
)

// functionList names every scalar function, aggregate and macro that queries
// may call. What is not on it is refused: functions that read files, settings
// or variables, that show the engine's inside, that sleep or log, and those
// that make a large value out of a small text while a query is still planned.
//
//go:embed functions.txt
var functionList string

// functionNames is the list in order, for the mend of an unknown function.
var functionNames = strings.Fields(functionList)

var allowedFunctions = func() map[string]bool {
	m := map[string]bool{}
	for _, f := range functionNames {
		m[f] = true
	}
	return m
}()

// allowedTableFunctions may stand in FROM.
var allowedTableFunctions = map[string]bool{
	"unnest": true, "range": true, "generate_series": true, "json_each": true, "json_tree": true,
	"generate_subscripts": true,
}

// hiddenNames are words that the engine evaluates like functions without
// parentheses; they would show its inside.
var hiddenNames = map[string]bool{
	"current_catalog": true, "current_database": true, "current_schema": true, "current_schemas": true,
	"current_user": true, "current_role": true, "session_user": true, "user": true, "current_query": true,
}

// maxPad is the largest length that lpad and rpad may be told.
const maxPad = 10_000
