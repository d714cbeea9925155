//go:build duckdb_arrow

package duck_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// crowd makes n members in batches of a page's size; Age counts them, Points is
// Age % 7, Name one of 23, Balance one of 3 or null.
func crowd(n int) rows {
	out := make(rows, n)
	for i := range out {
		out[i] = map[string]any{
			"Id": fmt.Sprintf("%08x-0000-4000-8000-000000000000", uint32(i)*2654435761), "Name": fmt.Sprint("name ", i%23),
			"Age": i, "Points": i % 7, "Active": i%3 == 0, "BranchId": fmt.Sprintf("00000000-0000-4000-8000-%012d", i%11),
		}
		if i%4 > 0 {
			out[i]["Balance"] = float64(i % 4)
		}
	}
	return out
}

func paged(t *catalog.Table, once bool, list rows) query.Input {
	var all []int
	for i := range t.Columns {
		all = append(all, i)
	}
	var batches []scan.Batch
	for part := range slices.Chunk(list, 200) {
		batches = append(batches, scan.Batch{Record: record(t, all, part)})
	}
	return query.Input{Table: t, Columns: all, Once: once, Rows: scan.Of(batches...)}
}

// TestWrongRewritesStayOff runs statements that DuckDB 1.5.5 answers wrongly
// with all its optimisations, some of them only now and then, on several
// threads. Each gives one number, worked out from crowd.
func TestWrongRewritesStayOff(t *testing.T) {
	t.Parallel()
	e := open(t, func(c *duck.Config) { c.Threads = 4 })
	lib := newLibrary()
	m, b := lib.table(t, "Members"), lib.table(t, "Branches")
	list := crowd(3000)
	first := slices.Clone(list)
	slices.SortFunc(first, func(a, b map[string]any) int {
		return strings.Compare(a["Id"].(string), b["Id"].(string))
	})
	among := 0
	for _, row := range first[:137] {
		if row["Points"] == 3 {
			among++
		}
	}
	races := 200
	if testing.Short() {
		races = 40
	}
	one := rows{{"Id": "00000000-0000-4000-8000-000000000003", "MemberCount": 3}}
	cases := []struct {
		name, sql, want string
		times           int
	}{
		{"join filter below LIMIT", `SELECT count(*) FROM (SELECT * FROM "Town"."Members" ORDER BY "Id" LIMIT 137) x WHERE x."Points" IN (SELECT "MemberCount" FROM "Town"."Branches")`, fmt.Sprint(among), races},
		{"top-N window over nothing", `SELECT count(*) FROM (SELECT "Name" FROM "Town"."Members" WHERE "Age" < 0 QUALIFY row_number() OVER (ORDER BY "Id") <= 1) x`, "0", 1},
		{"top-N window ordered by null", `SELECT count(*) FROM (SELECT "Points", row_number() OVER (PARTITION BY "Points" ORDER BY NULL) AS n FROM "Town"."Members") x WHERE n <= 2`, "14", 1},
		{"windows over a repeated partition", `SELECT count(DISTINCT b) FROM (SELECT sum("Age") OVER (PARTITION BY "Points", "Active") AS a, sum("Age") OVER (PARTITION BY "Points", "Points") AS b FROM "Town"."Members") x`, "7", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for i := range c.times {
				got, err := run(context.Background(), e, query.Job{SQL: c.sql, Inputs: []query.Input{paged(m, false, list), paged(b, false, one)}})
				if err != nil {
					t.Fatal(err)
				}
				if len(got) != 1 || got[0] != c.want {
					t.Fatalf("run %d: %q, want %s", i, got, c.want)
				}
			}
		})
	}
}
