//go:build duckdb_arrow

package duck_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// The property: a query gives the same rows over all rows of its tables as over
// only those that its bound form asks for, reduced by its joins. Values are
// few and odd, so that conditions are often true, often null and often at the
// edge of a rule.

var (
	oddNames = []any{nil, "", "a", "A", "ab", "abc", "b", "a%", "a_b", "é", "ê", "aÿ", "aĀ", "x'y", "ab\U0001F600", "zz"}
	oddIDs   = []any{
		nil, "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002",
		"f0000000-0000-4000-8000-000000000003", "7fffffff-ffff-4fff-bfff-ffffffffffff", "80000000-0000-4000-8000-000000000000",
	}
	oddTimes = []any{
		nil, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2024, 2, 29, 12, 0, 0, 1e6, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC),
	}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func randomRows(r *rand.Rand, t *catalog.Table, n int) rows {
	out := make(rows, n)
	for i := range out {
		row := map[string]any{}
		for c := range t.Columns {
			row[t.Columns[c].Name] = randomCell(r, &t.Columns[c], i)
		}
		out[i] = row
	}
	return out
}

func randomCell(r *rand.Rand, c *catalog.Column, i int) any {
	switch c.Type {
	case catalog.GUID:
		if c.Key {
			if i+1 < len(oddIDs) {
				return oddIDs[i+1]
			}
			return fmt.Sprintf("11111111-0000-4000-8000-%012d", i)
		}
		return pick(r, oddIDs)
	case catalog.Bool:
		return pick(r, []any{nil, true, false})
	case catalog.Int32, catalog.Int64:
		return pick(r, []any{nil, -1, 0, 1, 2, 3, 2147483647})
	case catalog.Float64:
		return pick(r, []any{nil, -0.5, 0.0, 1.0, 1.5})
	case catalog.Timestamp:
		return pick(r, oddTimes)
	case catalog.String:
		if c.Key {
			return fmt.Sprint("k", i)
		}
		return pick(r, oddNames)
	}
	return nil
}

// text makes random queries.
type text struct{ r *rand.Rand }

func (g text) value(t catalog.Type) string {
	switch t {
	case catalog.GUID:
		id, _ := pick(g.r, oddIDs[1:]).(string)
		if g.r.IntN(4) == 0 {
			id = strings.ToUpper(id)
		}
		return "'" + id + "'"
	case catalog.Bool:
		return pick(g.r, []string{"TRUE", "FALSE"})
	case catalog.Int32, catalog.Int64:
		return pick(g.r, []string{"0", "1", "2", "-1", "3.0", "1.5", "9000000000", "2e0", "NULL"})
	case catalog.Float64:
		return pick(g.r, []string{"0", "1", "1.5", "-0.5", "2e0"})
	case catalog.Timestamp:
		return pick(g.r, []string{"'2024-01-01'", "TIMESTAMP '2024-02-29 12:00:00.001'", "'2024-02-29 12:00:00.0005+00'", "TIMESTAMPTZ '1970-01-01 00:00:00Z'", "DATE '2024-01-01'"})
	default:
		s, _ := pick(g.r, oddNames[1:]).(string)
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
}

func (g text) condition(alias string, t *catalog.Table, depth int) string {
	if depth > 0 {
		switch g.r.IntN(5) {
		case 0:
			return "(" + g.condition(alias, t, depth-1) + " AND " + g.condition(alias, t, depth-1) + ")"
		case 1:
			return "(" + g.condition(alias, t, depth-1) + " OR " + g.condition(alias, t, depth-1) + ")"
		case 2:
			return "NOT (" + g.condition(alias, t, depth-1) + ")"
		}
	}
	c := pick(g.r, t.Columns[:min(9, len(t.Columns))])
	name := alias + "." + c.Name
	op := pick(g.r, []string{"=", "=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"})
	switch g.r.IntN(9) {
	case 0:
		return name + pick(g.r, []string{" IS NULL", " IS NOT NULL"})
	case 1:
		list := []string{g.value(c.Type), g.value(c.Type), g.value(c.Type)}
		return name + pick(g.r, []string{" IN (", " NOT IN ("}) + strings.Join(list[:1+g.r.IntN(3)], ", ") + ")"
	case 2:
		return name + pick(g.r, []string{" BETWEEN ", " NOT BETWEEN "}) + g.value(c.Type) + " AND " + g.value(c.Type)
	case 3:
		if c.Type == catalog.Bool {
			return name + pick(g.r, []string{"", " IS TRUE", " IS NOT TRUE", " IS FALSE"})
		}
		return g.value(c.Type) + " " + op + " " + name
	case 4, 5:
		if c.Type == catalog.String {
			return g.like(name)
		}
	case 6:
		if c.Type == catalog.String {
			return fmt.Sprintf(pick(g.r, []string{"lower(%s) = 'ab'", "length(%s) = 1", "starts_with(%s, 'a')", "contains(%s, 'b')", "%s || '' = 'a'", "coalesce(%s, 'a') = 'a'"}), name)
		}
	}
	return name + " " + op + " " + g.value(c.Type)
}

func (g text) like(name string) string {
	pattern := pick(g.r, []string{"'a%'", "'%b'", "'%b%'", "'%'", "''", "'a_%'", "'a%b'", "'é%'", "'aÿ%'", "'a!%' ESCAPE '!'", "'%!_b' ESCAPE '!'", "'a'"})
	return name + pick(g.r, []string{" LIKE ", " LIKE ", " NOT LIKE ", " ILIKE "}) + pattern
}

// query makes a query over members (m), branches (b) and loans (l).
func (g text) query(lib *library, t *testing.T) string {
	m, b, l := lib.table(t, "Members"), lib.table(t, "Branches"), lib.table(t, "Loans")
	where := func(alias string, table *catalog.Table) string { return g.condition(alias, table, g.r.IntN(3)) }
	join := pick(g.r, []string{"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"})
	switch g.r.IntN(14) {
	case 0, 1, 2:
		return "SELECT m.Id, m.Name, m.Age FROM Members m WHERE " + where("m", m)
	case 3:
		return "SELECT m.BranchId, count(*), min(m.Name) FROM Members m WHERE " + where("m", m) + " GROUP BY 1"
	case 4, 5:
		return "SELECT m.Id, b.Id FROM Members m " + join + " Branches b ON b.Id = m.BranchId WHERE " + where("m", m) + " AND " + where("b", b)
	case 6:
		return "SELECT m.Id, b.Id FROM Members m " + join + " Branches b ON b.Id = m.BranchId AND " + where("b", b) + " AND " + where("m", m)
	case 7:
		return "SELECT m.Id FROM Members m WHERE m.BranchId " + pick(g.r, []string{"IN", "NOT IN"}) + " (SELECT b.Id FROM Branches b WHERE " + where("b", b) + ") AND " + where("m", m)
	case 8:
		return "SELECT m.Id FROM Members m WHERE " + pick(g.r, []string{"EXISTS", "NOT EXISTS"}) + " (SELECT 1 FROM Loans l WHERE l.MemberId = m.Id AND " + where("l", l) + ")"
	case 9:
		return "SELECT x.Id, y.Id FROM Members x " + join + " Members y ON x.BranchId = y.BranchId AND " + where("y", m) + " WHERE " + where("x", m)
	case 10:
		return "SELECT m.Id, c.n FROM Members m " + join + " (SELECT l.MemberId, count(*) AS n FROM Loans l WHERE " + where("l", l) + " GROUP BY 1) c ON c.MemberId = m.Id WHERE " + where("m", m)
	case 11:
		return "SELECT m.Id, (SELECT count(*) FROM Loans l WHERE l.MemberId = m.Id AND " + where("l", l) + ") FROM Members m WHERE " + where("m", m)
	case 12:
		return "SELECT m.Id AS i FROM Members m WHERE " + where("m", m) + pick(g.r, []string{" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "}) + "SELECT l.MemberId FROM Loans l WHERE " + where("l", l)
	default:
		return "WITH c AS (SELECT m.* FROM Members m WHERE " + where("m", m) + ") SELECT c.Id, b.Name FROM c " + join + " Branches b ON b.Id = c.BranchId " + join + " Loans l ON l.BranchId = b.Id WHERE " + where("l", l)
	}
}

func TestFilteredInputsGiveTheSameRows(t *testing.T) {
	t.Parallel()
	e := open(t)
	r := rand.New(rand.NewPCG(20, 26))
	lib := newLibrary()
	n := 300
	if testing.Short() {
		n = 100
	}
	pushed, plain := 0, 0
	for i := range n {
		data := map[*catalog.Table]rows{}
		for _, name := range []string{"Members", "Branches", "Loans"} {
			table := lib.table(t, name)
			data[table] = randomRows(r, table, r.IntN(12))
		}
		sql := text{r}.query(lib, t)
		q, err := e.Bind(context.Background(), duck.BindRequest{SQL: sql, Provider: lib})
		if err != nil {
			if strings.Contains(err.Error(), "out of range") {
				continue
			}
			t.Fatalf("%d: %s: %v", i, sql, err)
		}
		full := boundSQL(e, t, lib, sql)
		want, err := run(context.Background(), e, query.Job{SQL: full, Inputs: whole(q, data)})
		if err != nil {
			t.Fatalf("%d: %s: %v", i, sql, err)
		}
		kept := keptRows(q, data)
		for n := range q.Accesses {
			if len(kept[n]) < len(data[q.Accesses[n].Table]) {
				pushed++
			}
		}
		got := reducedRun(t, e, q, full, kept)
		if q.Plain != nil {
			plain++
			got = plainRows(q, kept[0])
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%d: %s\n%s\ngot  %q\nwant %q", i, sql, printed(q), got, want)
		}
	}
	if pushed < n/4 || plain < n/20 {
		t.Errorf("only %d accesses were narrowed and %d queries plain: the test proves little", pushed, plain)
	}
}

// plainRows answers a plain query without the engine.
func plainRows(q *query.Query, kept rows) []string {
	a := q.Accesses[0]
	var columns []int
	for _, p := range q.Plain.Project {
		columns = append(columns, a.Columns[p])
	}
	rec := record(a.Table, columns, kept)
	defer rec.Release()
	return recordLines(rec)
}

// boundSQL gives the text for the engine, which plain queries don't keep.
func boundSQL(e *duck.Engine, t *testing.T, lib *library, sql string) string {
	q, err := e.Bind(context.Background(), duck.BindRequest{SQL: "SELECT * FROM (" + sql + ") AS whole ORDER BY ALL", Provider: lib})
	if err != nil {
		t.Fatal(sql, err)
	}
	return q.SQL
}

// keptRows evaluates each access's condition, then lets joins reduce sides.
func keptRows(q *query.Query, data map[*catalog.Table]rows) []rows {
	kept := make([]rows, len(q.Accesses))
	for i, a := range q.Accesses {
		for _, row := range data[a.Table] {
			if truth(a.Where, row) == yes {
				kept[i] = append(kept[i], row)
			}
		}
	}
	for _, j := range q.Joins {
		if j.ReduceLeft {
			kept[j.Left] = reduced(kept[j.Left], j.LeftColumn, kept[j.Right], j.RightColumn)
		} else if j.ReduceRight {
			kept[j.Right] = reduced(kept[j.Right], j.RightColumn, kept[j.Left], j.LeftColumn)
		}
	}
	return kept
}

func reduced(list rows, column string, by rows, key string) rows {
	keys := map[any]bool{}
	for _, row := range by {
		if row[key] != nil {
			keys[row[key]] = true
		}
	}
	var out rows
	for _, row := range list {
		if keys[row[column]] {
			out = append(out, row)
		}
	}
	return out
}

// reducedRun runs the query over the kept rows, with only the columns that its
// accesses name.
func reducedRun(t *testing.T, e *duck.Engine, q *query.Query, sql string, kept []rows) []string {
	uses := map[*catalog.Table]int{}
	for _, a := range q.Accesses {
		uses[a.Table]++
	}
	var inputs []query.Input
	for i, a := range q.Accesses {
		inputs = append(inputs, query.Input{
			Table: a.Table, Columns: a.Columns, Once: uses[a.Table] == 1 && !a.Again,
			Rows: scan.Of(scan.Batch{Record: record(a.Table, a.Columns, kept[i])}),
		})
	}
	got, err := run(context.Background(), e, query.Job{SQL: sql, Parameters: q.Parameters, Inputs: inputs})
	if err != nil {
		t.Fatal(sql, err)
	}
	return got
}

// Three-valued truth of a predicate on a row, written plainly.
type three int

const (
	no three = iota
	maybe
	yes
)

func truth(e predicate.Expr, row map[string]any) three {
	switch e := e.(type) {
	case predicate.Const:
		return of(e.Truth)
	case predicate.And:
		out := yes
		for _, a := range e.Args {
			out = min(out, truth(a, row))
		}
		return out
	case predicate.Or:
		out := no
		for _, a := range e.Args {
			out = max(out, truth(a, row))
		}
		return out
	case predicate.Not:
		return yes - truth(e.Arg, row)
	case predicate.IsNull:
		return of(row[e.Column] == nil)
	case predicate.Cmp:
		if row[e.Column] == nil {
			return maybe
		}
		order, ok := predicate.Compare(valueOf(row[e.Column]), e.Value)
		if !ok {
			panic(fmt.Sprintf("%v does not compare with %v", row[e.Column], e.Value))
		}
		return of(map[predicate.Op]bool{
			predicate.Eq: order == 0, predicate.Ne: order != 0, predicate.Lt: order < 0,
			predicate.Le: order <= 0, predicate.Gt: order > 0, predicate.Ge: order >= 0,
		}[e.Op])
	case predicate.In:
		if row[e.Column] == nil {
			return maybe
		}
		for _, v := range e.Values {
			if order, ok := predicate.Compare(valueOf(row[e.Column]), v); ok && order == 0 {
				return yes
			}
		}
		return no
	case predicate.Match:
		if row[e.Column] == nil {
			return maybe
		}
		s := row[e.Column].(string)
		return of([]func(string, string) bool{strings.HasPrefix, strings.HasSuffix, strings.Contains}[e.Kind](s, e.Text))
	}
	panic(fmt.Sprintf("unknown predicate %T", e))
}

func of(b bool) three {
	if b {
		return yes
	}
	return no
}

func valueOf(v any) predicate.Value {
	switch v := v.(type) {
	case string:
		return predicate.StringValue(v)
	case bool:
		return predicate.BoolValue(v)
	case int:
		return predicate.IntValue(int64(v))
	case float64:
		return predicate.FloatValue(v)
	case time.Time:
		return predicate.TimeValue(v)
	}
	panic(fmt.Sprintf("unknown value %T", v))
}
