//go:build duckdb_arrow

package duck_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// shapes are statements near those that need no engine. Each has one right
// answer, whatever order rows come in.
var shapes = []string{
	"SELECT count(*) FROM Members",
	"SELECT count() FROM Members",
	"SELECT count(1) FROM Members",
	"SELECT count(NULL) FROM Members",
	"SELECT count(Name) FROM Members",
	"SELECT count(Id) FROM Members",
	"SELECT count(DISTINCT Name) FROM Members",
	"SELECT count(*) AS n FROM Members WHERE Active",
	"SELECT count(*) FROM Members WHERE Age > 1 AND length(Name) > 0",
	"SELECT count(*) FILTER (WHERE Active) FROM Members",
	"SELECT count(*) FILTER (WHERE Name > 'a') FROM Members WHERE Active",
	"SELECT count(*) FILTER (WHERE false) FROM Members",
	"SELECT count(Name) FILTER (WHERE Active) FROM Members",
	"SELECT count(DISTINCT Name) FILTER (WHERE Active) FROM Members",
	"SELECT count(*) FILTER (WHERE Active), count(*) FROM Members",
	"SELECT n FROM (SELECT count(*) FILTER (WHERE Active) AS n FROM Members) x",
	"SELECT count(*) + 1 FROM Members",
	"SELECT count(*) FROM Members HAVING count(*) > 500",
	"SELECT count(*) FROM Members HAVING count(*) < 500",
	"SELECT n FROM (SELECT count(*) AS n FROM Members) x WHERE n > 500",
	"SELECT count(*) FROM Members GROUP BY ()",
	"SELECT count(*) FROM Members GROUP BY GROUPING SETS ((), ())",
	"SELECT count(*) FROM Members GROUP BY Active",
	"SELECT count(*) FROM Members LIMIT 0",
	"SELECT count(*) FROM Members LIMIT 1",
	"SELECT count(*) FROM Members OFFSET 1",
	"SELECT count(*) FROM (SELECT * FROM Members LIMIT 3) x",
	"SELECT count(*) FROM (SELECT * FROM Members OFFSET 3) x",
	"SELECT count(*) FROM (SELECT * FROM Members FETCH FIRST 3 ROWS ONLY) x",
	"SELECT count(*) FROM (SELECT * FROM Members LIMIT 50 PERCENT) x",
	"SELECT count(*) FROM (SELECT DISTINCT Active FROM Members) x",
	"SELECT count(*) FROM (SELECT Name FROM Members UNION ALL SELECT Name FROM Members) x",
	"SELECT count(*) FROM (SELECT count(*) FROM Members) x",
	"SELECT count(*) FROM Members TABLESAMPLE RESERVOIR(3 ROWS)",
	"SELECT count(*) FROM (SELECT * FROM Members USING SAMPLE 3 ROWS) x",
	"SELECT count(*) OVER () FROM Members",
	"SELECT count(*) FROM Members, (VALUES (1), (2)) v(x)",
	"SELECT count(*) FROM Members m, unnest([1, 2]) u(x)",
	"SELECT count(*) FROM Members m WHERE EXISTS (SELECT 1 FROM Branches b WHERE b.Id = m.BranchId)",
	"SELECT count(*) FROM Members m WHERE Age = (SELECT max(Age) FROM Members i WHERE i.Active = m.Active)",
	"WITH c AS (SELECT count(*) AS n FROM Members WHERE Active) SELECT n FROM c UNION ALL SELECT n FROM c",
	"SELECT max(Name) FROM Members",
	"SELECT string_agg(Name, ',' ORDER BY Name, Id) FROM Members",
	"SELECT list(Name ORDER BY Id) FILTER (WHERE Active) FROM Members",
	"SELECT first(Name ORDER BY Id DESC) FROM Members",
	"SELECT Name FROM Members",
	"SELECT Id, Id FROM Members",
	"SELECT DISTINCT Active FROM Members",
	"SELECT DISTINCT ON (Active) Active FROM Members",
	"SELECT Active FROM Members GROUP BY Active",
	"SELECT Active FROM Members GROUP BY ALL HAVING count(*) > 2",
	"SELECT Name FROM Members ORDER BY Id LIMIT 4",
	"SELECT Name FROM Members ORDER BY Id LIMIT 50 PERCENT",
	"SELECT Name FROM Members ORDER BY Id OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY",
	"SELECT Name FROM Members LIMIT 0",
	"SELECT Name FROM Members WHERE Active LIMIT (SELECT 1000)",
	"SELECT Name FROM (SELECT * FROM Members ORDER BY Id LIMIT 5) x WHERE Active",
	"SELECT Name FROM (SELECT * FROM Members ORDER BY Id OFFSET 5) x WHERE Active",
	"SELECT Name FROM Members QUALIFY row_number() OVER (ORDER BY Id) <= 3",
	"SELECT Name, row_number() OVER (PARTITION BY Active ORDER BY Id) FROM Members",
	"SELECT x.Name FROM (SELECT *, row_number() OVER (ORDER BY Id) AS n FROM Members) x WHERE Active AND n < 5",
	"SELECT Active, count(*) FROM Members GROUP BY ROLLUP (Active)",
	"SELECT * FROM (SELECT Active, count(*) AS n FROM Members GROUP BY ROLLUP (Active)) x WHERE Active OR Active IS NULL",
	"SELECT * FROM (SELECT Active, count(*) AS n FROM Members GROUP BY GROUPING SETS ((Active), ())) x WHERE coalesce(Active, true)",
	"SELECT * FROM (SELECT Active, Age, count(*) AS n FROM Members GROUP BY CUBE (Active, Age)) x WHERE Active IS NULL",
	"SELECT Active, count(*) FROM Members GROUP BY GROUPING SETS ((Active), ()) HAVING Active IS NOT FALSE",
	"SELECT Name FROM Members WHERE Active UNION SELECT Name FROM Branches",
	"SELECT Name FROM Members EXCEPT ALL SELECT Name FROM Members WHERE Active",
	"SELECT Name FROM Members WHERE Age IN (SELECT Age FROM Members WHERE Active)",
	"SELECT Name FROM Members WHERE (Age, Active) IN (SELECT Age, Active FROM Members WHERE Points > 0)",
	"SELECT m.Name, (SELECT count(*) FROM Loans l WHERE l.MemberId = m.Id) FROM Members m",
	"FROM Members SELECT Name WHERE Active",
	"VALUES (1), (2)",
	"SELECT COLUMNS('^(Id|Name)$') FROM Members",
	"SELECT max(COLUMNS(['Age', 'Points'])) FROM Members",
	"SELECT x.Name FROM (SELECT * FROM Members ORDER BY Id LIMIT 6) x WHERE x.Age IN (SELECT Age FROM Members WHERE Active)",
	"SELECT x.Name FROM (SELECT DISTINCT Name, Age FROM Members) x JOIN (SELECT max(Age) AS a FROM Members) y ON x.Age = y.a",
}

// TestShapes compares what a bound statement says with a plain evaluation: the
// statement inside another one, over all rows.
func TestShapes(t *testing.T) {
	t.Parallel()
	e, lib := open(t), newLibrary()
	r := rand.New(rand.NewPCG(7, 11))
	data := map[*catalog.Table]rows{}
	for name, n := range map[string]int{"Members": 12, "Branches": 4, "Loans": 9} {
		table := lib.table(t, name)
		data[table] = randomRows(r, table, n)
	}
	for _, sql := range shapes {
		t.Run(sql, func(t *testing.T) {
			q, err := e.Bind(context.Background(), duck.BindRequest{SQL: sql, Provider: lib})
			if err != nil {
				t.Fatal(err)
			}
			want := wholeRun(t, e, q, boundSQL(e, t, lib, sql), data)
			got := answered(t, e, q, data)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s\ngot  %q\nwant %q", printed(q), got, want)
			}
		})
	}
}

// wholeRun runs SQL over all rows of the query's tables.
func wholeRun(t *testing.T, e *duck.Engine, q *query.Query, sql string, data map[*catalog.Table]rows) []string {
	t.Helper()
	seen := map[*catalog.Table]bool{}
	var inputs []query.Input
	for _, a := range q.Accesses {
		if !seen[a.Table] {
			seen[a.Table] = true
			inputs = append(inputs, input(a.Table, false, data[a.Table]))
		}
	}
	out, err := run(context.Background(), e, query.Job{SQL: sql, Inputs: inputs})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// answered answers the bound query: from the rows that it asks for, and
// without the engine where it says that it needs none.
func answered(t *testing.T, e *duck.Engine, q *query.Query, data map[*catalog.Table]rows) []string {
	t.Helper()
	if q.Empty && q.Plain != nil {
		return nil
	}
	kept := keptRows(q, data)
	switch {
	case q.Counts:
		return []string{fmt.Sprint(len(kept[0]))}
	case q.Plain == nil:
		return reducedRun(t, e, q, q.SQL, kept)
	case q.Plain.Empty:
		return nil
	}
	list := kept[0][min(int(q.Plain.Offset), len(kept[0])):]
	if n := int(q.Plain.Limit); n > 0 && n < len(list) {
		list = list[:n]
	}
	return plainRows(q, list)
}
