//go:build duckdb_arrow

package duck

import "strings"

// nearest gives the candidate that differs least from the name, if it is so
// near that a slip of the fingers explains it: one letter in four at most.
func nearest(name string, candidates []string) (string, bool) {
	best, distance := "", max(1, len([]rune(name))/4)+1
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

// editDistance counts the letters to change, add, drop or swap with the next
// between two short names (the optimal string alignment); limit stands for all
// greater distances.
func editDistance(a, b string, limit int) int {
	ra, rb := []rune(a), []rune(b)
	if len(ra) > 128 || len(rb) > 128 || len(ra)-len(rb) >= limit || len(rb)-len(ra) >= limit {
		return limit
	}
	before, last := make([]int, len(rb)+1), make([]int, len(rb)+1)
	for j := range last {
		last[j] = j
	}
	for i, x := range ra {
		row := make([]int, len(rb)+1)
		row[0] = i + 1
		for j, y := range rb {
			cost := 1
			if x == y {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x == rb[j-1] && ra[i-1] == y {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return min(last[len(rb)], limit)
}

// didYouMean is the mend for a wrong name.
func didYouMean(name string, candidates []string, otherwise string) string {
	if best, ok := nearest(name, candidates); ok {
		return "Did you mean " + best + "?"
	}
	return otherwise
}
