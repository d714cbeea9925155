//go:build duckdb_arrow

package duck_test

import (
	"context"
	"strings"
	"testing"
)

func TestOffsetWithoutOrder(t *testing.T) {
	t.Parallel()
	e := open(t)
	cases := []struct{ name, sql, want string }{
		{"limit and offset", "SELECT upper(Name) FROM Members LIMIT 3 OFFSET 2", `FROM "Town"."Members" ORDER BY ALL LIMIT 3 OFFSET 2`},
		{"offset first", "SELECT upper(Name) FROM Members OFFSET 2 LIMIT 3", `FROM "Town"."Members" ORDER BY ALL OFFSET 2 LIMIT 3`},
		{"offset alone", "SELECT upper(Name) FROM Members OFFSET 2", `FROM "Town"."Members" ORDER BY ALL OFFSET 2`},
		{"fetch", "SELECT upper(Name) FROM Members OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY", `FROM "Town"."Members" ORDER BY ALL OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY`},
		{"grouped", "SELECT Name, count(*) FROM Members GROUP BY 1 LIMIT 3 OFFSET 2", "GROUP BY 1 ORDER BY ALL LIMIT 3 OFFSET 2"},
		{"set operation", "SELECT Name FROM Members UNION SELECT Name FROM Branches LIMIT 3 OFFSET 2", `FROM "Town"."Branches" ORDER BY ALL LIMIT 3 OFFSET 2`},
		{"in brackets", "(SELECT upper(Name) FROM Members LIMIT 3 OFFSET 2)", "ORDER BY ALL LIMIT 3 OFFSET 2)"},
		{"percent", "SELECT Name FROM Members LIMIT 50 PERCENT OFFSET 2", "ORDER BY ALL LIMIT 50 PERCENT OFFSET 2"},
		{"a limit inside", "SELECT upper(Name) FROM (SELECT * FROM Members LIMIT 9) x OFFSET 2", "(SELECT * FROM \"Town\".\"Members\" LIMIT 9) x ORDER BY ALL OFFSET 2"},

		{"an order", "SELECT upper(Name) FROM Members ORDER BY Id LIMIT 3 OFFSET 2", ""},
		{"no offset", "SELECT upper(Name) FROM Members LIMIT 3", ""},
		{"an offset inside", "SELECT count(*) FROM (SELECT * FROM Members OFFSET 3) x", ""},
		{"a side's offset", "(SELECT Name FROM Members OFFSET 3) UNION ALL SELECT Name FROM Branches", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q, err := e.Bind(context.Background(), request(c.sql))
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" && strings.Contains(q.SQL, "ORDER BY ALL") || c.want != "" && !strings.HasSuffix(q.SQL, c.want) {
				t.Errorf("got %s\nwant … %s", q.SQL, c.want)
			}
			if c.want != "" && q.Accesses[0].Limit > 0 {
				t.Errorf("only %d rows are read, which may be any", q.Accesses[0].Limit)
			}
		})
	}
}
