package pingone

import (
	"net/url"
	"sort"
	"strings"
	"sync"
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

// blend gives an expected share to every character of the usual scripts and to
// those that were met. l is what earlier scans saw; it may be nil.
func (l *letters) blend(sample *letters) map[rune]float64 {
	out := map[rune]float64{}
	for _, r := range usualCharacters {
		out[r] = 0.02 // so that unlikely ones are spread too
	}
	for r, share := range typicalLetters {
		out[r] += share / 1000 * typicalWeight
	}
	sorted := false
	for _, n := range sample.count {
		sorted = sorted || n > sortedShare*sample.total
	}
	for r, n := range sample.count {
		if !sorted {
			out[r] += n
		} else if out[r] == 0 {
			out[r] = 0.02
		}
	}
	if l == nil {
		return out
	}
	scale := min(1, learntWeight/max(1, l.total))
	for r, n := range l.count {
		out[r] += n * scale
	}
	return out
}

// usualCharacters are what user names begin with almost always: letters of the
// Latin scripts, digits and what stands on a keyboard. Small letters stand for
// both cases.
var usualCharacters = func() []rune {
	var out []rune
	for r := rune('!'); r <= '~'; r++ {
		if unicode.ToLower(r) == r {
			out = append(out, r)
		}
	}
	return append(out, lettersBetween(0xC0, 0x17F)...)
}()

// rareScripts are pieces for what is left: characters of other scripts, so
// many to a piece that the address stays short.
var rareScripts = func() [][]rune {
	var all []rune
	for _, span := range [][2]rune{
		{0x370, 0x3FF}, {0x400, 0x45F}, {0x180, 0x24F}, {0x5D0, 0x5EA}, {0x620, 0x64A}, {0x900, 0x939}, {0xE01, 0xE2E},
		{0x1E00, 0x1EFF}, {0x3041, 0x3096}, {0x30A1, 0x30FA},
	} {
		all = append(all, lettersBetween(span[0], span[1])...)
	}
	all = append(all, ' ', '£', '§', '°', '¿', '¡', '«', '€', '“', '„', '’', '–', '#')
	const perPiece = 60
	var out [][]rune
	for len(all) > 0 {
		n := min(perPiece, len(all))
		out = append(out, all[:n])
		all = all[n:]
	}
	return out
}()

// lettersBetween gives the letters of a range, small ones for both cases.
func lettersBetween(from, to rune) []rune {
	var out []rune
	for r := from; r <= to; r++ {
		if unicode.IsLetter(r) && unicode.ToLower(r) == r {
			out = append(out, r)
		}
	}
	return out
}

// cut divides characters into n groups of about equal weight.
func cut(weights map[rune]float64, n int) [][]rune {
	order := make([]rune, 0, len(weights))
	for r := range weights {
		order = append(order, r)
	}
	sort.Slice(order, func(a, b int) bool {
		if weights[order[a]] != weights[order[b]] {
			return weights[order[a]] > weights[order[b]]
		}
		return order[a] < order[b]
	})
	groups, load, length := make([][]rune, n), make([]float64, n), make([]int, n)
	for _, r := range order {
		at := -1
		for i := range groups {
			if length[i] < maxPieceAddress && (at < 0 || load[i] < load[at]) {
				at = i
			}
		}
		if at < 0 {
			groups, load, length = append(groups, nil), append(load, 0), append(length, 0)
			at = len(groups) - 1
		}
		groups[at] = append(groups[at], r)
		load[at] += weights[r]
		length[at] += termLength(r)
	}
	return groups
}

// maxPieceAddress bounds the encoded text of a piece's condition, in bytes.
const maxPieceAddress = 3000

// termLength is roughly the encoded length of the tests for one character.
func termLength(r rune) int {
	n := 30 + len(url.QueryEscape(string(r)))
	if unicode.ToUpper(r) != r {
		n *= 2
	}
	return n
}

// startsWith writes a condition for each group of characters.
func startsWith(attribute string, groups [][]rune) []string {
	out := make([]string, 0, len(groups))
	for _, g := range groups {
		if len(g) == 0 {
			continue
		}
		var terms []string
		for _, r := range g {
			terms = append(terms, attribute+" sw "+scim.Quote(string(r)))
			if up := unicode.ToUpper(r); up != r {
				terms = append(terms, attribute+" sw "+scim.Quote(string(up)))
			}
		}
		out = append(out, strings.Join(terms, " or "))
	}
	return out
}

// experience keeps what scans learnt of each table's first characters, for as long
// as the process runs.
type experience struct {
	mu     sync.Mutex
	tables map[string]*letters
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

func (l *letters) add(o *letters) {
	for r, n := range o.count {
		if _, known := l.count[r]; known || len(l.count) < maxLearnt {
			l.count[r] += n
			l.total += n
		}
	}
}
