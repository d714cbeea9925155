package gwerr

import "strings"

// longestWord bounds the words that are compared, in bytes: callers send them,
// and the work grows with the product of two lengths.
const longestWord = 128

// DidYouMean is the hint for a word that is none of the candidates: the nearest
// of them as a question, or otherwise if none is near.
func DidYouMean(word string, candidates []string, otherwise string) string {
	if near := Nearest(word, candidates); near != "" {
		return "Did you mean " + near + "?"
	}
	return otherwise
}

// Nearest returns the candidate that a misspelt word most likely meant: one
// letter, and one more for each four, may differ, its end or its first words may
// be missing, or it may have words before that the candidate has not.
// Letter case, underscores, hyphens and spaces don't count. It returns "" if
// none is near.
func Nearest(word string, candidates []string) string {
	if word == "" || len(word) > longestWord {
		return ""
	}
	w := squash(word)
	best, bestAt := "", 2+len(w)/4
	for _, c := range candidates {
		if len(c) > longestWord {
			continue
		}
		s := squash(c)
		d := distance([]rune(w), []rune(s))
		if len(w) >= 3 && strings.HasPrefix(s, w) {
			d = min(d, 1)
		}
		if endsAlike(w, s) {
			d = min(d, 1+len(w)/4)
		}
		if d < bestAt || d == bestAt && best != "" && len(c) < len(best) {
			best, bestAt = c, d // of equally near ones the shortest
		}
	}
	return best
}

// endsAlike reports whether one word is the end of the other, as activities is of
// auditactivities. Short ends say little.
func endsAlike(a, b string) bool {
	return min(len(a), len(b)) >= 5 && (strings.HasSuffix(a, b) || strings.HasSuffix(b, a))
}

var squasher = strings.NewReplacer("_", "", "-", "", " ", "")

// squash brings a word to the form in which words are compared.
func squash(s string) string { return squasher.Replace(strings.ToLower(s)) }

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour to turn a into b (the optimal string alignment).
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i, x := range a {
		row[0] = i + 1
		for j, y := range b {
			cost := 1
			if x == y {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x == b[j-1] && a[i-1] == y {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
