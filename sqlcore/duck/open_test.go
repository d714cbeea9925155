//go:build duckdb_arrow

package duck_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// TestOnePlanServesAllValues: a statement with another value is planned again only where the
// plan depends on the value.
func TestOnePlanServesAllValues(t *testing.T) {
	t.Parallel()
	e, lib := open(t), newLibrary()
	const other = "3a1f0c7e-0000-4000-8000-000000000009"
	cases := []struct {
		name, sql     string
		first, second []duck.Parameter
		plans         int64 // of both together
		where         string
	}{
		{
			"a join by a text", "SELECT m.Name, b.City FROM Members m JOIN Branches b ON b.Id = m.BranchId WHERE m.Email = ?",
			[]duck.Parameter{str("a")},
			[]duck.Parameter{str("it's $1")},
			1, "Email = 'it''s $1'",
		},
		{"an id in other letters", "SELECT DISTINCT Name FROM Members WHERE Id = ?", []duck.Parameter{str(ann)}, []duck.Parameter{str(strings.ToUpper(other))}, 1, "Id = '" + other + "'"},
		{
			"both sides of a join", "SELECT m.Name FROM Members m JOIN Branches b ON b.Id = m.BranchId WHERE b.Id = ?",
			[]duck.Parameter{str(ann)},
			[]duck.Parameter{str(other)},
			1, "BranchId = '" + other + "'",
		},
		{"a list of texts", "SELECT DISTINCT Name FROM Members WHERE Name IN (?, 'c', ?)", []duck.Parameter{str("a"), str("b")}, []duck.Parameter{str("d"), str("c")}, 1, "Name IN ('d', 'c')"},
		{"a span", "SELECT DISTINCT Name FROM Members WHERE Age BETWEEN ? AND ?", []duck.Parameter{num(1), num(2)}, []duck.Parameter{num(3), num(4)}, 1, "Age >= 3 AND Age <= 4"},
		{"a value before the column", "SELECT DISTINCT Name FROM Members WHERE ? < Points", []duck.Parameter{num(1)}, []duck.Parameter{num(1 << 40)}, 1, "Points > 1099511627776"},
		{"times", "SELECT DISTINCT Name FROM Members WHERE Joined >= ?", []duck.Parameter{str("2024-01-01")}, []duck.Parameter{{Value: predicate.TimeValue(joined)}}, 1, "Joined >= TIMESTAMPTZ '2024-02-29T10:00:00.123Z'"},
		{"a negation", "SELECT DISTINCT Name FROM Members WHERE NOT (Balance < ?)", []duck.Parameter{dec(0.5)}, []duck.Parameter{num(2)}, 1, "Balance >= 2"},
		{"beside a limit of the same value", "SELECT DISTINCT Name FROM Members WHERE Age = ? LIMIT ?", []duck.Parameter{num(1), num(5)}, []duck.Parameter{num(2), num(5)}, 1, "Age = 2"},
		{"beside a limit of another value", "SELECT DISTINCT Name FROM Members WHERE Age = ? LIMIT ?", []duck.Parameter{num(1), num(6)}, []duck.Parameter{num(2), num(7)}, 2, "Age = 2"},
		{"a pattern", "SELECT DISTINCT Name FROM Members WHERE Name LIKE ?", []duck.Parameter{str("a%")}, []duck.Parameter{str("b%")}, 2, "Name LIKE 'b%'"},
		{"a list", "SELECT DISTINCT Name FROM Members WHERE Name = ANY(?)", []duck.Parameter{{List: []duck.Parameter{str("a")}}}, []duck.Parameter{{List: []duck.Parameter{str("b")}}}, 2, "Name = 'b'"},
		{"a number wider than the column", "SELECT DISTINCT Name FROM Members WHERE Age = ?", []duck.Parameter{num(3)}, []duck.Parameter{num(1 << 40)}, 2, "Age = 1099511627776"},
		{"a text that is not an id", "SELECT DISTINCT Email FROM Members WHERE Id = ?", []duck.Parameter{str(ann)}, []duck.Parameter{str("x")}, 2, "FALSE"},
		{"a null", "SELECT DISTINCT Name FROM Members WHERE Email = ?", []duck.Parameter{str("a")}, []duck.Parameter{{Null: true}}, 2, "FALSE"},
		{"part of an expression", "SELECT DISTINCT Name FROM Members WHERE Age > ? + 1", []duck.Parameter{num(1)}, []duck.Parameter{num(2)}, 2, "Age > 3"},
		{"beside part of an expression", "SELECT DISTINCT Email FROM Members WHERE Age > ? + 1 AND Email = ?", []duck.Parameter{num(1), str("a")}, []duck.Parameter{num(1), str("b")}, 1, "Email = 'b' AND Age > 2"},
		{"beside a truth value", "SELECT DISTINCT Email FROM Members WHERE Active = ? AND Email = ?", []duck.Parameter{{Value: predicate.BoolValue(true)}, str("a")}, []duck.Parameter{{Value: predicate.BoolValue(true)}, str("b")}, 1, "Email = 'b' AND Active = TRUE"},
		{"beside an empty text", "SELECT DISTINCT Email FROM Members WHERE Name <> ? AND Email = ?", []duck.Parameter{str(""), str("a")}, []duck.Parameter{str(""), str("b")}, 1, "Email = 'b'"},
		{"a cast", "SELECT DISTINCT Email FROM Members WHERE Id = $1::UUID", []duck.Parameter{str(ann)}, []duck.Parameter{str(other)}, 1, "Id = '" + other + "'"},
		{"what is shown", "SELECT Name, Email = ? FROM Members WHERE Name = ?", []duck.Parameter{str("a"), str("b")}, []duck.Parameter{str("c"), str("d")}, 1, "Name = 'd'"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := e.Planned()
			bound(t, e, lib, c.sql, c.first...)
			q := bound(t, e, lib, c.sql, c.second...)
			assert.Equal(t, c.plans, e.Planned()-before, "plans")
			var where []string
			for _, a := range q.Accesses {
				if a.Where != nil {
					where = append(where, a.Where.String())
				}
			}
			assert.Contains(t, where, c.where)
			assert.NotContains(t, q.SQL, "'d'", "a value in the text")
		})
	}
}

// parametrized puts parameters in the place of some literals of a statement.
func parametrized(t *testing.T, r *rand.Rand, sql string) (string, []duck.Parameter) {
	tokens, err := sqltext.Lex(sql)
	require.NoError(t, err)
	var edits []sqltext.Edit
	var values []duck.Parameter
	for i, token := range tokens {
		typed := i > 0 && (tokens[i-1].Is("timestamp") || tokens[i-1].Is("timestamptz") || tokens[i-1].Is("date") || tokens[i-1].Is("by"))
		if typed || r.IntN(5) == 0 {
			continue
		}
		switch token.Kind {
		case sqltext.String:
			text, _ := sqltext.Unquote(token.Text)
			values = append(values, str(text))
		case sqltext.Number:
			n, err := strconv.ParseInt(token.Text, 10, 64)
			if values = append(values, num(n)); err != nil {
				f, err := strconv.ParseFloat(token.Text, 64)
				require.NoError(t, err)
				values[len(values)-1] = dec(f)
			}
		default:
			continue
		}
		edits = append(edits, sqltext.Edit{Start: token.Start, End: token.End, Text: "?"})
	}
	out, _ := sqltext.Apply(sql, edits)
	return out, values
}

// others gives other values of the same kinds.
func others(r *rand.Rand, values []duck.Parameter) []duck.Parameter {
	out := slices.Clone(values)
	for i := range out {
		switch p := &out[i]; {
		case p.Value.Kind == predicate.Int:
			*p = num(int64(pick(r, []int{-1, 0, 1, 2, 3})))
		case p.Value.Kind == predicate.Float:
			*p = dec(pick(r, []float64{-0.5, 0, 1, 1.5}))
		case strings.Contains(p.Value.Str, "-4"):
			*p = str(pick(r, oddIDs[1:]).(string))
		case strings.HasPrefix(p.Value.Str, "20"):
			*p = str(pick(r, []string{"2024-01-01", "2024-02-29 12:00:00", "2000-01-01T00:00:00Z", "2024-02-29 12:00:00.001"}))
		case !strings.ContainsAny(p.Value.Str, "%!_"):
			*p = str(pick(r, oddNames[1:]).(string))
		}
	}
	return out
}

// TestKeptPlansGiveTheRowsOfFreshOnes: a random statement, planned once, answers
// each set of values as does the same statement planned with those values in its
// text, run over all rows.
func TestKeptPlansGiveTheRowsOfFreshOnes(t *testing.T) {
	t.Parallel()
	e := open(t)
	r := rand.New(rand.NewPCG(8, 6))
	lib := newLibrary()
	n := 60
	if testing.Short() {
		n = 30
	}
	served, narrowed := 0, 0
	for i := range n {
		sql, values := parametrized(t, r, "SELECT * FROM ("+text{r}.query(lib, t)+") AS whole ORDER BY ALL")
		data := map[*catalog.Table]rows{}
		for _, name := range []string{"Members", "Branches", "Loans"} {
			table := lib.table(t, name)
			data[table] = randomRows(r, table, r.IntN(12))
		}
		for round := range 4 {
			request := duck.BindRequest{SQL: sql, Positional: values, Provider: lib}
			before := e.Planned()
			kept, err := e.Bind(context.Background(), request)
			planned := e.Planned() - before
			_, fresh, failure := e.BindWays(context.Background(), request)
			require.Equal(t, failure == nil, err == nil, "%d: %s %v: %v, %v", i, sql, values, err, failure)
			if err != nil {
				assert.Equal(t, failure.Error(), err.Error(), "%d: %s", i, sql)
				break
			}
			require.Len(t, kept.Columns, len(fresh.Columns), sql)
			for n, c := range fresh.Columns {
				if strings.Contains(kept.Columns[n].Name, "$") {
					c.Name = kept.Columns[n].Name // of an expression, which has no value in it
				}
				assert.Equal(t, c, kept.Columns[n], sql)
			}
			if round > 0 && planned == 0 && len(values) > 0 {
				served++
			}
			want, err := run(context.Background(), e, query.Job{SQL: fresh.SQL, Inputs: whole(fresh, data)})
			require.NoError(t, err, "%d: %s", i, sql)
			reduced := keptRows(kept, data)
			for n := range reduced {
				if len(reduced[n]) < len(data[kept.Accesses[n].Table]) {
					narrowed++
				}
			}
			got := reducedRun(t, e, kept, kept.SQL, reduced)
			slices.Sort(want)
			slices.Sort(got)
			require.Equal(t, want, got, "%d: %s %v\n%s\n%s", i, sql, values, printed(kept), printed(fresh))
			values = others(r, values)
		}
	}
	if served < n/2 || narrowed < n {
		t.Errorf("only %d bindings were served by a kept plan, and %d accesses narrowed: the test proves little", served, narrowed)
	}
	t.Log(served, narrowed)
}

// whole gives all rows of a query's tables.
func whole(q *query.Query, data map[*catalog.Table]rows) []query.Input {
	var out []query.Input
	for i, a := range q.Accesses {
		if !slices.ContainsFunc(q.Accesses[:i], func(b query.Access) bool { return b.Table == a.Table }) {
			out = append(out, input(a.Table, false, data[a.Table]))
		}
	}
	return out
}
