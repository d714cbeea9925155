//go:build duckdb_arrow

package duck

import (
	"fmt"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// maxTypeDepth bounds the nesting of a result's types: Arrow's format for
// streams takes 64 levels.
const maxTypeDepth = 60

func checkDepth(columns []query.Column) error {
	for i := range columns {
		if typeDepth(columns[i].SQLType) > maxTypeDepth {
			return gwerr.New(gwerr.LimitExceeded, fmt.Sprintf("Column %d of the result nests more than %d levels of lists and structs.", i+1, maxTypeDepth), "Cast it to JSON.")
		}
	}
	return nil
}

// typeDepth gives the nesting of a type as SQL writes it.
func typeDepth(sql string) int {
	around := []int{0} // the deepest so far, in each bracket that is open
	depth, quoted := 0, false
	for _, c := range sql {
		last := len(around) - 1
		switch {
		case c == '"' || c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			around, depth = append(around, 0), 0
		case c == ',':
			around[last], depth = max(around[last], depth), 0
		case c == ')' && last > 0:
			depth, around = max(around[last], depth)+1, around[:last]
		case c == '[':
			depth++
		}
	}
	return max(around[0], depth)
}
