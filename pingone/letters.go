package pingone

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// letters counts how many texts begin with each character, cases together.
type letters struct {
	count map[rune]float64
	total float64
}

func newLetters() *letters { return &letters{count: map[rune]float64{}} }

func (l *letters) meet(text string) {
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 || r == utf8.RuneError {
		return
	}
	l.count[unicode.ToLower(r)]++
	l.total++
}

// typicalLetters are rough shares, in per mille, of the first letters of user
// names where nothing is known yet.
var typicalLetters = map[rune]float64{
	'a': 90, 'b': 50, 'c': 60, 'd': 60, 'e': 50, 'f': 30, 'g': 40, 'h': 40, 'i': 25, 'j': 85, 'k': 50, 'l': 60, 'm': 95,
	'n': 40, 'o': 20, 'p': 40, 'q': 3, 'r': 50, 's': 80, 't': 50, 'u': 7, 'v': 20, 'w': 20, 'x': 3, 'y': 10, 'z': 12,
	'0': 1, '1': 2, '2': 1, '3': 1, '4': 1, '5': 1, '6': 1, '7': 1, '8': 1, '9': 1,
}

const (
	typicalWeight = 40.0   // texts' worth of what is typical
	learntWeight  = 4000.0 // at most so many texts' worth of earlier scans
	// sortedShare is the share of one character above which a first page looks
	// as if rows came in order, so that it shows nothing.
	sortedShare = 0.6
)

// blend gives an expected share to every character worth asking for: those on
// a keyboard, those that were met, and the usual ones of the scripts met. l is
// what earlier scans saw; it may be nil.
func (l *letters) blend(sample *letters) map[rune]float64 {
	if l == nil {
		l = newLetters()
	}
	out := map[rune]float64{}
	for _, r := range charactersFor(sample, l) {
		out[r] = 0.02 // so that unlikely ones are spread too
	}
	for r, share := range typicalLetters {
		out[r] += share / 1000 * typicalWeight
	}
	if !sample.sorted() {
		for r, n := range sample.count {
			out[r] += n
		}
	}
	scale := min(1, learntWeight/max(1, l.total))
	for r, n := range l.count {
		out[r] += n * scale
	}
	return out
}

// sorted reports whether a page looks as if rows came in order.
func (l *letters) sorted() bool {
	for _, n := range l.count {
		if n > sortedShare*l.total {
			return true
		}
	}
	return false
}

// maxPieceAddress bounds the encoded text of a piece's condition, in bytes.
const maxPieceAddress = 3400

// cut divides characters into n groups of about equal weight. Those of least
// weight are left out where the conditions would become too long.
func cut(attribute string, weights map[rune]float64, n int) [][]rune {
	order := slices.SortedFunc(maps.Keys(weights), func(a, b rune) int {
		return cmp.Or(cmp.Compare(weights[b], weights[a]), cmp.Compare(a, b))
	})
	groups, load, length := make([][]rune, n), make([]float64, n), make([]int, n)
	for _, r := range order {
		at, size := -1, termLength(attribute, r)
		for i := range groups {
			if length[i]+size <= maxPieceAddress && (at < 0 || load[i] < load[at]) {
				at = i
			}
		}
		if at < 0 {
			break
		}
		groups[at] = append(groups[at], r)
		load[at] += weights[r]
		length[at] += size
	}
	return groups
}

// groupsFor is the number of groups that all the characters need.
func groupsFor(attribute string, characters []rune) int {
	total := 0
	for _, r := range characters {
		total += termLength(attribute, r)
	}
	return 1 + total/(maxPieceAddress-100)
}

// termLength is the encoded length of the tests for one character.
func termLength(attribute string, r rune) int {
	n := 0
	for _, t := range terms(attribute, r) {
		n += len(url.QueryEscape(t + " or "))
	}
	return n
}

// terms are the tests for one character, in both cases: whether the service
// minds case is not documented. A capital that belongs to another small letter
// as well, such as that of ı, is left to the other.
func terms(attribute string, r rune) []string {
	out := []string{attribute + " sw " + scim.Quote(string(r))}
	if up := unicode.ToUpper(r); up != r && unicode.ToLower(up) == r {
		out = append(out, attribute+" sw "+scim.Quote(string(up)))
	}
	return out
}

// startsWith writes a condition for each group of characters.
func startsWith(attribute string, groups [][]rune) []string {
	out := make([]string, 0, len(groups))
	for _, g := range groups {
		if len(g) == 0 {
			continue
		}
		var all []string
		for _, r := range g {
			all = append(all, terms(attribute, r)...)
		}
		out = append(out, strings.Join(all, " or "))
	}
	return out
}

// experience keeps what scans learnt of each table's first characters, for as long
// as the process runs.
type experience struct {
	mu     sync.Mutex
	tables map[string]*letters
	// unruly holds, by table and part, until when a part is not split, since it
	// changes too much for the pieces to be proved complete.
	unruly map[string]time.Time
	// shifts is true once a page repeated rows, or a second reading found rows
	// that the first one had skipped.
	shifts atomic.Bool
}

const (
	// unrestFor is how long a part is not split after changes made that useless.
	unrestFor = 5 * time.Minute
	maxUnruly = 1000
)

func newExperience() *experience {
	return &experience{tables: map[string]*letters{}, unruly: map[string]time.Time{}}
}

// restless reports whether a part changed too much lately to be split.
func (m *experience) restless(t *catalog.Table, part string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Before(m.unruly[m.key(t)+"\x00"+part])
}

// unrest notes that splitting a part was useless since it changed.
func (m *experience) unrest(t *catalog.Table, part string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.unruly) >= maxUnruly {
		clear(m.unruly)
	}
	m.unruly[m.key(t)+"\x00"+part] = now.Add(unrestFor)
}

// maxLearnt bounds the characters kept for a table.
const maxLearnt = 4096

func (m *experience) key(t *catalog.Table) string { return t.Schema.ID + "/" + t.Name }

// of gives a copy of what is known of a table; nil if nothing is.
func (m *experience) of(t *catalog.Table) *letters {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.tables[m.key(t)]
	if known == nil {
		return nil
	}
	out := newLetters()
	out.add(known)
	return out
}

// learn adds what a part showed; old knowledge fades as new comes.
func (m *experience) learn(t *catalog.Table, met *letters) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.tables[m.key(t)]
	if known == nil {
		known = newLetters()
		m.tables[m.key(t)] = known
	}
	known.add(met)
	if known.total > 1e6 {
		known.total /= 2
		for r := range known.count {
			known.count[r] /= 2
		}
	}
}

// characters lists what was met.
func (l *letters) characters() []rune {
	if l == nil {
		return nil
	}
	return slices.Collect(maps.Keys(l.count))
}

// more reports whether there are characters that o does not have.
func (l *letters) more(o *letters) bool {
	if l == nil {
		return false
	}
	for r := range l.count {
		if o == nil || o.count[r] == 0 {
			return true
		}
	}
	return false
}

func (l *letters) add(o *letters) {
	for r, n := range o.count {
		if _, known := l.count[r]; known || len(l.count) < maxLearnt {
			l.count[r] += n
			l.total += n
		}
	}
}
