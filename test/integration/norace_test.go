//go:build duckdb_arrow && !race

package integration

const thinner = 1
