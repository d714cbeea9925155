//go:build duckdb_arrow

package duck_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/query"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestBindGolden compares the bound form of queries with the golden files:
// hand-written ones and the shapes that tools send. Each file in
// testdata/plans begins with the query, up to a line of dashes.
func TestBindGolden(t *testing.T) {
	t.Parallel()
	e := open(t)
	files, err := filepath.Glob("testdata/plans/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden"), func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sql, want, _ := strings.Cut(string(content), "\n----\n")
			var got string
			if q, err := e.Bind(context.Background(), request(sql)); err != nil {
				got = "error: " + err.Error() + "\n"
			} else {
				got = printed(q)
			}
			if *update {
				if err := os.WriteFile(file, []byte(sql+"\n----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// printed writes a bound query for people.
func printed(q *query.Query) string {
	var b strings.Builder
	for i, a := range q.Accesses {
		var columns []string
		for _, c := range a.Columns {
			columns = append(columns, a.Table.Columns[c].Name)
		}
		fmt.Fprintf(&b, "access %d: %s.%s (%s)", i, a.Table.Schema.Name, a.Table.Name, strings.Join(columns, ", "))
		fmt.Fprintf(&b, " where %s", a.Where)
		if !a.WhereComplete {
			b.WriteString(" and more")
		}
		if a.Limit > 0 {
			fmt.Fprintf(&b, " limit %d", a.Limit)
		}
		if a.Top != nil {
			fmt.Fprintf(&b, " top %+v", *a.Top)
		}
		b.WriteString("\n")
	}
	for _, j := range q.Joins {
		fmt.Fprintf(&b, "join: %d.%s = %d.%s", j.Left, j.LeftColumn, j.Right, j.RightColumn)
		if j.ReduceLeft {
			fmt.Fprintf(&b, ", reduces %d", j.Left)
		}
		if j.ReduceRight {
			fmt.Fprintf(&b, ", reduces %d", j.Right)
		}
		b.WriteString("\n")
	}
	for _, c := range q.Columns {
		fmt.Fprintf(&b, "column: %s %s\n", c.Name, c.SQLType)
	}
	if p := q.Plain; p != nil {
		fmt.Fprintf(&b, "plain: columns %v", p.Project)
		if p.Limit > 0 || p.Offset > 0 {
			fmt.Fprintf(&b, ", limit %d, offset %d", p.Limit, p.Offset)
		}
		b.WriteString("\n")
	} else if q.Counts {
		b.WriteString("counts\n")
	} else {
		fmt.Fprintf(&b, "sql: %s\n", q.SQL)
	}
	if q.Empty {
		b.WriteString("empty\n")
	}
	for _, n := range q.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}
