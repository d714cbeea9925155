//go:build duckdb_arrow

package duck_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// likeMatches evaluates LIKE as the standard words it.
func likeMatches(text, pattern []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	switch pattern[0] {
	case '%':
		return likeMatches(text, pattern[1:]) || len(text) > 0 && likeMatches(text[1:], pattern)
	case '_':
		return len(text) > 0 && likeMatches(text[1:], pattern[1:])
	}
	return len(text) > 0 && text[0] == pattern[0] && likeMatches(text[1:], pattern[1:])
}

// TestLikeAtTheEndOfARange asks for texts that begin with characters after
// whose last byte the engine finds no next one.
func TestLikeAtTheEndOfARange(t *testing.T) {
	t.Parallel()
	e, lib := open(t), newLibrary()
	m := lib.table(t, "Members")
	names := []string{
		"", "ÿ", "ÿa", "ÿab", "Ÿab", "ĀB", "Σίσυφο", "Σίσυφος", "ΣΊΣΥΦΟΣ", "п", "попов", "пётр", "ПОПОВ", "a\x7f", "a\x7fb", "a\x7f_", "aÿb", "ab",
	}
	data := map[*catalog.Table]rows{m: nil}
	for i, n := range names {
		data[m] = append(data[m], map[string]any{"Id": crowd(i + 1)[i]["Id"], "Name": n})
	}
	data[m] = append(data[m], map[string]any{"Id": cem})

	forms := []struct {
		name, sql string
		keeps     func(name, pattern string) bool
	}{
		{"LIKE", "SELECT Name FROM Members WHERE Name LIKE ?", like},
		{"another letter case and no space", "SELECT Name FROM Members WHERE(Name)like(?)", like},
		{"in brackets", "SELECT [Name] FROM Members m WHERE (m.[Name] LIKE (?)) AND Id IS NOT NULL", like},
		{"two of them", "SELECT Name FROM Members WHERE Name LIKE ? AND Name||'' LIKE ?1", like},
		{"a joined pattern", "SELECT Name FROM Members WHERE Name LIKE '' || ?", like},
		{"NOT LIKE", "SELECT Name FROM Members WHERE Name NOT LIKE ?", unlike},
		{"the operator", "SELECT Name FROM Members WHERE Name ~~ ?", like},
		{"the operator without spaces", "SELECT Name FROM Members WHERE(Name~~(?))", like},
		{"the operator behind another one", "SELECT Name FROM Members WHERE Name||'' ~~ ? AND Name ~~ ?1", like},
		{"the operator's contrary", "SELECT Name FROM Members WHERE Name !~~ ?", unlike},
		{"NOT and the operator", "SELECT Name FROM Members WHERE NOT Name ~~ ?", unlike},
		{"NOT", "SELECT Name FROM Members WHERE NOT (Name LIKE ?)", unlike},
		{"NOT NOT LIKE", "SELECT Name FROM Members WHERE NOT Name NOT LIKE ?", like},
		{"ILIKE", "SELECT Name FROM Members WHERE Name ILIKE ?", func(n, p string) bool { return like(strings.ToLower(n), strings.ToLower(p)) }},
		{"OR", "SELECT Name FROM Members WHERE Name LIKE ? OR Name = 'ab'", func(n, p string) bool { return n == "ab" || like(n, p) }},
		{"with an equal name", "SELECT Name FROM Members WHERE Name LIKE ? AND Name > 'b'", func(n, p string) bool { return n > "b" && like(n, p) }},
		{"a join", "SELECT a.Name FROM Members a JOIN Members b ON a.Id = b.Id WHERE b.Name LIKE ?", like},
		{"an outer join", "SELECT a.Name FROM Members a LEFT JOIN Members b ON a.Id = b.Id AND b.Name LIKE ? WHERE b.Id IS NOT NULL", like},
		{"IN", "SELECT Name FROM Members WHERE Id IN (SELECT Id FROM Members WHERE Name LIKE ?)", like},
		{"NOT EXISTS", "SELECT Name FROM Members a WHERE Name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM Members b WHERE a.Id = b.Id AND b.Name LIKE ?)", unlike},
		{"a common table expression", "WITH c AS (SELECT * FROM Members WHERE Name LIKE ?) SELECT Name FROM c", like},
		{"one that is read twice", "WITH c AS (SELECT * FROM Members WHERE Name LIKE ?) SELECT x.Name FROM c x JOIN c y ON x.Id = y.Id", like},
		{"a page", "SELECT Name FROM Members WHERE Name LIKE ? LIMIT 100 OFFSET 0", like},
	}
	for _, pattern := range []string{"ÿ_%", "ÿ_", "ÿ%b", "ÿ%b%", "Σίσυφο_%", "п%в", "a\x7f_", "aÿ_", "ÿ%", "a_%"} {
		for _, f := range forms {
			t.Run(pattern+" "+f.name, func(t *testing.T) {
				t.Parallel()
				q, err := e.Bind(context.Background(), duck.BindRequest{
					SQL: f.sql, Provider: lib, Positional: []duck.Parameter{{Value: predicate.StringValue(pattern)}},
				})
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				for _, n := range names {
					if f.keeps(n, pattern) {
						want = append(want, n)
					}
				}
				got := answered(t, e, q, data)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("got  %q\nwant %q\n%s", got, want, printed(q))
				}
			})
		}
	}
}

func like(text, pattern string) bool   { return likeMatches([]rune(text), []rune(pattern)) }
func unlike(text, pattern string) bool { return !like(text, pattern) }

// TestLikeAtTheEndOfARangeIsPushed looks at what of such a pattern reaches the
// source, and at what is left alone.
func TestLikeAtTheEndOfARangeIsPushed(t *testing.T) {
	t.Parallel()
	e := open(t)
	for _, c := range []struct{ name, sql, want string }{
		{"the fixed part", "SELECT Id FROM Members WHERE Name LIKE 'ÿ_%'", "where " + predicate.Match{Column: "Name", Kind: predicate.Prefix, Text: "ÿ"}.String() + " and more"},
		{"other columns", "SELECT Id FROM Members WHERE Name LIKE 'ÿ_%' AND Email LIKE 'a%'", predicate.Match{Column: "Email", Kind: predicate.Prefix, Text: "a"}.String()},
		{"names of columns", "SELECT * LIKE 'Na%' FROM Members WHERE Name LIKE 'ÿ_%'", "column: Name VARCHAR\n"},
		{"the place of a limit", "SELECT Id FROM Members WHERE Name LIKE 'ÿ_%' LIMIT 3 OFFSET 2", `LIKE 'ÿ_%' ORDER BY ALL LIMIT 3 OFFSET 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q, err := e.Bind(context.Background(), request(c.sql))
			if err != nil {
				t.Fatal(err)
			}
			if got := printed(q); !strings.Contains(got, c.want) {
				t.Errorf("%s\nlacks %s", got, c.want)
			}
		})
	}
}
