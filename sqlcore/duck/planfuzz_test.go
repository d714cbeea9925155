//go:build duckdb_arrow

package duck

import (
	"context"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

var fuzzTables = func() []*catalog.Table {
	s := &catalog.Schema{Name: "Town"}
	s.Tables = []*catalog.Table{
		{Name: "Members", Schema: s, Columns: []catalog.Column{
			{Name: "Id", Type: catalog.GUID, Key: true},
			{Name: "Name"},
			{Name: "Active", Type: catalog.Bool},
			{Name: "Age", Type: catalog.Int32},
			{Name: "Joined", Type: catalog.Timestamp},
			{Name: "BranchId", Type: catalog.GUID},
		}},
		{Name: "Branches", Schema: s, Columns: []catalog.Column{{Name: "Id", Type: catalog.GUID, Key: true}, {Name: "Name"}}},
	}
	return s.Tables
}()

// seedPlans are real plans, for the fuzzer to change.
func seedPlans(tb testing.TB) []string {
	tb.Helper()
	e, err := Open(context.Background(), Config{TempDir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	}()
	ctx := context.Background()
	c, err := e.planner(ctx, fuzzTables)
	if err != nil {
		tb.Fatal(err)
	}
	defer c.release()
	if err := c.show(ctx, fuzzTables); err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, sql := range []string{
		`SELECT Name FROM "Town"."Members" WHERE Active AND Age > 3 AND Name LIKE 'a%' AND Id = '3a1f0c7e-0000-4000-8000-000000000001' LIMIT 3`,
		`SELECT m.Name, count(*) FROM "Town"."Members" m LEFT JOIN "Town"."Branches" b ON b.Id = m.BranchId WHERE m.Joined > '2024-01-01' OR m.Name IN ('a', 'b') GROUP BY 1`,
		`SELECT Name FROM "Town"."Members" WHERE BranchId NOT IN (SELECT Id FROM "Town"."Branches") ORDER BY 1 LIMIT 2`,
		`SELECT Name, row_number() OVER () FROM "Town"."Members" UNION SELECT Name, 1 FROM "Town"."Branches"`,
		`SELECT Name FROM "Town"."Members" WHERE 1 = 0`,
		`VALUES (1)`,
	} {
		answer, err := ask(ctx, c, wire.Planning, askPlan, sql)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, string(answer))
	}
	return out
}

// FuzzPlan reads changed plans: whatever they say, nothing panics, and what is
// built names only columns and accesses that exist.
func FuzzPlan(f *testing.F) {
	for _, p := range seedPlans(f) {
		f.Add(p)
	}
	f.Add(`{"plans":[{"type":"LOGICAL_GET","function_data":{"schema":"Town","table":"Members"},"projection_ids":[-1]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		reply, err := decodePlan([]byte(text))
		if err != nil {
			return
		}
		q := &query.Query{}
		r := &reader{tables: fuzzTables}
		if err := r.read(reply, q); err != nil {
			return
		}
		for _, a := range q.Accesses {
			for _, c := range a.Columns {
				_ = a.Table.Columns[c]
			}
			_ = a.Where.String()
		}
		for _, j := range q.Joins {
			_, _ = q.Accesses[j.Left], q.Accesses[j.Right]
		}
		if q.Plain != nil {
			for _, p := range q.Plain.Project {
				_ = q.Accesses[0].Columns[p]
			}
		}
	})
}

// TestPlanMutations changes real plans byte by byte, without a fuzzer.
func TestPlanMutations(t *testing.T) {
	t.Parallel()
	read := 0
	for _, p := range seedPlans(t) {
		for i := 0; i < len(p); i += 3 {
			for _, c := range []byte(`0"[}x`) {
				changed := []byte(p)
				changed[i] = c
				reply, err := decodePlan(changed)
				if err != nil {
					continue
				}
				r := &reader{tables: fuzzTables}
				if r.read(reply, &query.Query{}) == nil {
					read++
				}
			}
		}
	}
	if read == 0 {
		t.Error("no changed plan could be read: the test proves nothing")
	}
}
