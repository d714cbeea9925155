package pgcatalog

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// concerns tells whether there may be something to rewrite, which is seldom so.
func concerns(tokens []sqltext.Token) bool {
	for i, t := range tokens {
		name := strings.ToLower(t.Name())
		switch {
		case strings.HasPrefix(name, "pg_"), strings.HasPrefix(name, "_pg_"), strings.HasPrefix(name, "reg"), name == "jsonb", t.Kind == sqltext.String && i > 1 && strings.HasPrefix(t.Text, "'{") && tokens[i-1].Is("("), constants[name] != nil,
			(functions[name] != nil || name == "unnest") && i+1 < len(tokens) && tokens[i+1].Is("("),
			t.Is("~") && (i == 0 || !tokens[i-1].Is("~") || tokens[i-1].End != t.Start), t.Is("collate"), vectors[name] && i+1 < len(tokens):
			return true
		}
	}
	return false
}

// vectors are the columns whose subscripts count from 0.
var vectors = sqltext.Set("indkey indoption i_indoption indclass indcollation proargtypes")
