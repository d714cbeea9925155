package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// TestTextsAreNoNames: what a text of the request holds stays in it, though it looks
// like the name of a parameter, of which another text is the value.
func TestTextsAreNoNames(t *testing.T) {
	t.Parallel()
	const odd = `tolower(Title) eq ' OR TRUE --' and `
	for name, c := range map[string]struct{ filter, literal string }{
		"a pattern":     {odd + `matchespattern(Title,'a$p1_b')`, `'a$p1_b'`},
		"a subsequence": {odd + `hassubsequence(Tags,["$p1_"])`, `'(?s)\x1e\$p1_\x1f.*'`},
		"another text":  {odd + `tolower(Title) ne '$p1_'`, `'$p1_'`},
	} {
		sql := mustQuery(t, "Books?$filter="+c.filter).Plain.FilterSQL
		tokens, err := sqltext.Lex(sql)
		require.NoError(t, err, "%s: %s", name, sql)
		var texts []string
		for _, token := range tokens {
			if token.Kind == sqltext.String {
				texts = append(texts, token.Text)
			}
			assert.NotEqual(t, sqltext.Param, token.Kind, "%s: %s", name, sql)
		}
		assert.Contains(t, texts, `' OR TRUE --'`, "%s: %s", name, sql)
		assert.Contains(t, texts, c.literal, "%s: %s", name, sql)
	}
}
