//go:build duckdb_arrow

package duck

import "strings"

// nearest gives the candidate that differs least from the name, if it is near
// enough to be meant.
func nearest(name string, candidates []string) (string, bool) {
	best, distance := "", len(name)/2+2
	for _, c := range candidates {
		if strings.EqualFold(c, name) {
			return c, true
		}
		if d := editDistance(strings.ToLower(name), strings.ToLower(c), distance); d < distance {
			best, distance = c, d
		}
	}
	return best, best != ""
}

// editDistance counts the letters to change, add or drop between two short
// names; it stops counting at limit.
func editDistance(a, b string, limit int) int {
	ra, rb := []rune(a), []rune(b)
	if len(ra) > 128 || len(rb) > 128 || len(ra)-len(rb) >= limit || len(rb)-len(ra) >= limit {
		return limit
	}
	row := make([]int, len(rb)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range ra {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range rb {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(rb)]
}

// didYouMean is the mend for a wrong name.
func didYouMean(name string, candidates []string, otherwise string) string {
	if best, ok := nearest(name, candidates); ok {
		return "Did you mean " + best + "?"
	}
	return otherwise
}
