package pingone

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

func met(texts ...string) *letters {
	l := newLetters()
	for _, t := range texts {
		l.meet(t)
	}
	return l
}

func TestCutBalancesAndCoversAll(t *testing.T) {
	t.Parallel()
	weights := (*letters)(nil).blend(met("ada", "Åsa", "Ivan", "иван", "王伟"))
	for _, n := range []int{2, 8, 30} {
		groups := cut("username", weights, n)
		require.Len(t, groups, n)
		seen := map[rune]bool{}
		for _, g := range groups {
			for _, r := range g {
				require.False(t, seen[r], "%q stands in two groups", r)
				seen[r] = true
			}
		}
		for r := rune('a'); r <= 'z'; r++ {
			require.True(t, seen[r], "%q is missing", r)
		}
		for _, r := range "åи王0_-'" {
			require.True(t, seen[r], "%q is missing", r)
		}
		for _, c := range startsWith("username", groups) {
			require.LessOrEqual(t, len(url.QueryEscape(c)), maxPieceAddress)
		}
	}
	groups := cut("username", weights, 4)
	var loads []float64
	for _, g := range groups {
		sum := 0.0
		for _, r := range g {
			sum += weights[r]
		}
		loads = append(loads, sum)
	}
	for _, l := range loads {
		require.InEpsilon(t, loads[0], l, 0.3, "%v", loads)
	}
}

func TestTermsAskForBothCases(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{`username sw "a"`, `username sw "A"`}, terms("username", 'a'))
	require.Equal(t, []string{`username sw "é"`, `username sw "É"`}, terms("username", 'é'))
	require.Equal(t, []string{`username sw "7"`}, terms("username", '7'))
	require.Equal(t, []string{`username sw "王"`}, terms("username", '王'))
	require.Equal(t, []string{`username sw "\""`}, terms("username", '"'))
	require.Equal(t, []string{`username sw "\\"`}, terms("username", '\\'))
	require.Equal(t, []string{`username sw "ı"`}, terms("username", 'ı'), "its capital is that of i")
}

func TestCharactersFollowTheScriptsMet(t *testing.T) {
	t.Parallel()
	plain := string(charactersFor(met("ada", "bob")))
	require.NotContains(t, plain, "é")
	require.NotContains(t, plain, "и")
	require.Contains(t, string(charactersFor(met("Éva"))), "ö")
	require.Contains(t, string(charactersFor(met("Иван"))), "я")
	require.Contains(t, string(charactersFor(met("☃"))), "☃")
	for _, s := range scripts {
		for _, r := range s.usual {
			require.True(t, unicode.ToLower(r) == r && unicode.Is(s.table, r) || unicode.IsMark(r), "%q stands with the wrong script", r)
		}
	}
}

func TestSortedSamplesShowNothing(t *testing.T) {
	t.Parallel()
	sample := newLetters()
	for i := range 200 {
		sample.meet(fmt.Sprint("a", i))
	}
	weights := (*letters)(nil).blend(sample)
	require.Less(t, weights['a'], 2*weights['m'])
}

func TestExperienceFadesAndIsBounded(t *testing.T) {
	t.Parallel()
	table := &catalog.Table{Name: "Users", Schema: &catalog.Schema{ID: "e"}}
	e := newExperience()
	require.Nil(t, e.of(table))
	many := newLetters()
	for r := range rune(10_000) {
		many.meet(string(0x4E00 + r))
	}
	e.learn(table, many)
	require.LessOrEqual(t, len(e.of(table).count), maxLearnt)
	old := newLetters()
	old.count['o'], old.total = 2e6, 2e6
	e.learn(table, old)
	require.Less(t, e.of(table).total, 1.1e6)
	other := *table
	other.Schema = &catalog.Schema{ID: "f"}
	require.Nil(t, e.of(&other))
}

func TestPack(t *testing.T) {
	t.Parallel()
	values := []value{{"a", 100}, {"b", 7000}, {"c", 0}, {"d", 3000}, {"e", 9500}, {"f", -1}}
	bins := pack(values, 8000)
	total := 0
	for _, bin := range bins {
		rows := int64(0)
		for _, v := range bin {
			rows += max(0, v.rows)
			total++
		}
		require.LessOrEqual(t, rows, int64(10_000))
	}
	require.Equal(t, len(values), total)
	var empty []value
	for i := range 1000 {
		empty = append(empty, value{key: fmt.Sprint(i)})
	}
	for _, bin := range pack(empty, 8000) {
		require.LessOrEqual(t, len(bin), chainValues)
	}
}

func TestTallyProof(t *testing.T) {
	t.Parallel()
	then := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		t    tally
		want bool
	}{
		{"one page", tally{pages: 1, count: 10, rows: 2}, true},
		{"all rows are old", tally{pages: 2, count: 10, steady: true, stamped: true, since: then, rows: 10, old: 10}, true},
		{"all rows are there besides new ones", tally{pages: 2, count: 10, stamped: true, since: then, rows: 12, old: 10}, true},
		{"a new row hides a missing one", tally{pages: 2, count: 10, steady: true, stamped: true, since: then, rows: 10, old: 9}, false},
		{"the service tells no time", tally{pages: 2, count: 10, steady: true, stamped: true, rows: 10}, true},
		{"the service tells no time, and rows repeat", tally{pages: 2, count: 10, steady: true, stamped: true, rows: 10, repeated: 1}, false},
		{"no stamps but steady counts", tally{pages: 2, count: 10, steady: true, rows: 10}, true},
		{"no stamps, changing counts", tally{pages: 2, count: 10, rows: 10}, false},
		{"no stamps, rows are missing", tally{pages: 2, count: 10, steady: true, rows: 9}, false},
		{"no counts, no sign of change", tally{pages: 2, count: -1, steady: true, stamped: true, since: then, rows: 9, old: 9}, true},
		{"no counts, a row changed meanwhile", tally{pages: 2, count: -1, steady: true, stamped: true, since: then, rows: 9, old: 8}, false},
		{"no counts, repeated rows", tally{pages: 2, count: -1, steady: true, rows: 9, repeated: 2}, false},
	} {
		require.Equal(t, c.want, c.t.complete(false), c.name)
		require.Equal(t, c.want && c.t.count >= 0, c.t.complete(true), "%s, where pages shift", c.name)
	}
}

func TestDistinct(t *testing.T) {
	t.Parallel()
	d := newDistinct()
	d.room = 3
	table := usersTable(t)
	dec := newDecoder(newLayout(table, "users", nil, positions(t, table, "Id")), memory.DefaultAllocator)
	page := func(ids ...int) page {
		rows := make([]string, len(ids))
		for i, id := range ids {
			rows[i] = fmt.Sprintf(`{"id":"57de9478-0000-4383-ab62-%012d"}`, id)
		}
		p, err := dec.decode([]byte(`{"_embedded":{"users":[` + strings.Join(rows, ",") + `]}}`))
		require.NoError(t, err)
		return p
	}
	ranges, n := d.fresh(page(1, 2, 1), []int{0})
	require.Equal(t, [][2]int{{0, 2}}, ranges)
	require.Equal(t, 2, n)
	ranges, n = d.fresh(page(2, 3, 1), []int{0})
	require.Equal(t, [][2]int{{1, 2}}, ranges)
	require.Equal(t, 1, n)
	require.False(t, d.overflowed())
	_, n = d.fresh(page(4, 5, 4), []int{0})
	require.Equal(t, 3, n, "once full, every row counts as fresh")
	require.True(t, d.overflowed())
}
