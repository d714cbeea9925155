//go:build duckdb_arrow

package duck_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Words that the engine takes for a name only behind AS may name columns without
// it, as in PostgreSQL; what can't be read for another reason is refused where that is.
func TestNamesWithoutAs(t *testing.T) {
	t.Parallel()
	e := open(t)
	for _, c := range []struct {
		sql     string
		columns []string
	}{
		{"SELECT Name name FROM Members", []string{"name"}},
		{"SELECT m.Name Name, m.Age value, m.Id type FROM Members m", []string{"Name", "value", "type"}},
		{"SELECT count(*) year, 1 day, 'x' month, NULL second FROM Members", []string{"year", "day", "month", "second"}},
		{"SELECT CASE WHEN Active THEN 1 END status, [1][1] key FROM Members", []string{"status", "key"}},
		{`SELECT "Name" name FROM (SELECT Name name FROM Members) type`, []string{"name"}},
		{"SELECT /* a name */ Name -- here\n name FROM Members", []string{"name"}},
		{"SELECT name name FROM Members WHERE Name = 'é' ORDER BY name", []string{"name"}},
	} {
		q, err := e.Bind(context.Background(), request(c.sql))
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		var got []string
		for _, col := range q.Columns {
			got = append(got, col.Name)
		}
		if !slices.Equal(got, c.columns) {
			t.Errorf("%s: %q, want %q", c.sql, got, c.columns)
		}
	}
	for _, c := range []struct {
		sql string
		at  int // the first byte of what is wrong
		say string
	}{
		{"SELECT Name FROM Members WHER Age = 1", 30, `near "Age"`},
		{"SELECT Name name, Age value FROM Members WHER Age = 1", 46, `near "Age"`},
		{"SELECT Name name type FROM Members", 17, `near "type"`},
		{"SELECT Name from", 16, "end of input"},
		{"SELECT Name FROM Members ORDER name", 31, `near "name"`},
	} {
		_, err := e.Bind(context.Background(), request(c.sql))
		if err == nil {
			t.Errorf("%s: no error", c.sql)
			continue
		}
		if g := gwerr.From(err); g.Code != gwerr.Syntax || g.Position != c.at || !strings.Contains(g.Message, c.say) {
			t.Errorf("%s: %s at %d: %v; want %d and %s", c.sql, g.Code, g.Position, err, c.at, c.say)
		}
	}
}
