package config

import "strings"

// nearest returns the candidate that a misspelt word most likely meant, or ""
// if none is close: at most a third of the letters may differ.
func nearest(word string, candidates []string) string {
	best, bestAt := "", len(word)/3+1
	w := squash(word)
	for _, c := range candidates {
		d := distance(w, squash(c))
		if strings.HasPrefix(squash(c), w) && len(w) >= 3 {
			d = min(d, 1)
		}
		if d < bestAt || (d == bestAt && best == "") {
			best, bestAt = c, d
		}
	}
	return best
}

// squash brings a name to the form in which names are compared: letter case,
// underscores, hyphens and spaces don't count.
func squash(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour to turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := [3][]int{make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, prev, cur := rows[0], rows[1], rows[2]
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		rows = [3][]int{prev, cur, before}
	}
	return rows[1][len(y)]
}
