package pgcatalog_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
)

// TestFunctionsInFunctions: one that says its argument several times is written out only
// as far as a statement may be long; the engine, which has none of that name, tells.
func TestFunctionsInFunctions(t *testing.T) {
	t.Parallel()
	s := &pgcatalog.Session{Database: "d", Schema: "s", Setting: func(string) (string, bool) { return "", false }}
	for depth, want := range map[int]bool{3: true, 7: true, 20: false, 95: false} {
		for _, open := range []string{"quote_ident(", "format('%I', "} {
			sql := "SELECT count(*) FROM pg_class WHERE relname = " + strings.Repeat(open, depth) + "'x'" + strings.Repeat(")", depth)
			out, changed := s.Rewrite(sql)
			assert.Equal(t, want, changed, "%d of %s", depth, open)
			assert.Equal(t, want, out != sql, "%d of %s", depth, open)
		}
	}
}
