//go:build duckdb_arrow && race

package integration

// thinner divides the number of random queries: the race detector makes each
// about ten times slower, and looks for something else than they do.
const thinner = 10
