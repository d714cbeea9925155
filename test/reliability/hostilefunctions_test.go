//go:build duckdb_arrow

package reliability

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strings"
)

// functionList names all that the engine has, each with what it is; a test of
// package duck compares it with the engine's own list.
//
//go:embed testdata/functions.txt
var functionList string

// functionCall is a statement with a call of one of the engine's functions, in
// their order.
func functionCall(r *rand.Rand, n int) string {
	lines := strings.Split(strings.TrimSpace(functionList), "\n")
	sort, name, _ := strings.Cut(lines[n%len(lines)], " ")
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return operatorCall(r, name)
	}
	switch sort {
	case "table", "table_macro":
		return fmt.Sprintf("SELECT * FROM %s(%s)", name, arguments(r, r.IntN(4)))
	case "pragma":
		return []string{"PRAGMA " + name, "SELECT * FROM pragma_" + name + "()", "CALL " + name + "()"}[r.IntN(3)]
	case "aggregate":
		return fmt.Sprintf("SELECT %s(%s) %s FROM Users, range(%d) t(n)", name, arguments(r, 1+r.IntN(3)),
			[]string{"", "OVER (ORDER BY n)", "FILTER (n > 2)", "OVER (PARTITION BY Username)"}[r.IntN(4)], 1+r.IntN(1000))
	}
	return fmt.Sprintf("SELECT %s(%s) FROM Users, (SELECT 7 AS n)", name, arguments(r, r.IntN(5)))
}

func operatorCall(r *rand.Rand, name string) string {
	return fmt.Sprintf("SELECT (%s) %s (%s) FROM Users, (SELECT 7 AS n)", arguments(r, 1), name, arguments(r, 1))
}

// argumentList are arguments of every kind and size.
var argumentList = []string{
	"NULL", "0", "-1", "1", "2147483647", "9223372036854775807", "-9223372036854775808", "170141183460469231731687303715884105727",
	"0.1", "1e308", "'NaN'::DOUBLE", "'-Infinity'::DOUBLE", "1.23456789012345678901234567890123456789", "true",
	"''", "'a'", "'%'", "'\\'", "'ß'", "'üöä'", "'2024-01-01'", "'[1,2]'", "'{\"a\":{\"b\":[1]}}'", "'$.a[*]..b'", "'%Y-%m-%d %H:%M'", "'(a*)*b'",
	"n", "Username", "Id", "Username || Username", "length(Username)", "[]", "[1, 2, 3]", "['a', NULL]", "[[1], [2, 3]]", "{'a': 1, 'b': [2]}", "MAP {'a': 1}",
	"DATE '0001-01-01'", "DATE '5881580-07-10'", "TIMESTAMP '294247-01-10 04:00:54'", "TIMESTAMPTZ '2024-01-01'", "INTERVAL 999999999 MONTHS", "TIME '23:59:59'",
	"'\\xFF\\x00'::BLOB", "'101'::BIT", "uuid()", "x -> x + 1", "(x, y) -> x || y", "a := 1", "*", "DISTINCT Username",
	"'[1]'::JSON", "current_date", "(SELECT 1)", "INT", "Users",
}

// usual are arguments that many functions take.
var usual = []string{"n", "Username", "1", "'a'", "[1, 2, 3]", "'{\"a\":[1]}'", "DATE '2024-01-01'", "INTERVAL 1 DAY", "TIMESTAMP '2024-01-01'", "{'a': 1}", "MAP {'a': 1}", "0.5", "true", "x -> x"}

// arguments gives n arguments; a few of them are large.
func arguments(r *rand.Rand, n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = argumentList[r.IntN(len(argumentList))]
		if r.IntN(3) > 0 {
			out[i] = usual[r.IntN(len(usual))]
		}
		switch r.IntN(30) {
		case 0:
			out[i] = "'" + strings.Repeat("a", 1+r.IntN(100_000)) + "'"
		case 1:
			depth := 1 + r.IntN(100_000)
			out[i] = "'" + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "'"
		case 2:
			out[i] = "[" + strings.Repeat("1, ", r.IntN(10_000)) + "1]"
		}
	}
	return strings.Join(out, ", ")
}
