package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// TestSavedViews reads views in each of the ways to write them.
func TestSavedViews(t *testing.T) {
	t.Parallel()
	want := []config.SavedView{{"Staff", "SELECT Id FROM Users WHERE Title < 'x: y'"}, {"Other", "SELECT 1"}}
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "views")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	yaml := "Staff: \"SELECT Id FROM Users WHERE Title < 'x: y'\"\nOther: |-\n  SELECT 1\n"
	asked := ":\n      Staff:\n        query: >-\n          SELECT Id FROM Users WHERE Title < 'x: y'\n      Other: SELECT 1\n"
	for name, text := range map[string]string{
		"a file in YAML":           "    user_defined_views: " + file(yaml),
		"the connector's file":     "    UserDefinedViews: " + file(`{"Staff": {"query": "SELECT Id FROM Users WHERE Title < 'x: y'"}, "Other": {"query": "SELECT 1"}}`),
		"in the file":              "    user_defined_views" + asked,
		"in the file, under views": "    views" + asked,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := load(minimal + text)
			require.NoError(t, err)
			views, err := c.Connections["pingone"].SavedViews()
			require.NoError(t, err)
			assert.Equal(t, want, views)
		})
	}
}

func TestViewsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no file":     "/nowhere/views.yaml",
		"no names":    `{}x`,
		"no query":    `{"Staff": {"sql": "SELECT 1"}}`,
		"twice":       `{"Staff": "SELECT 1", "staff": "SELECT 2"}`,
		"a wild name": `{"St aff": "SELECT 1"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &config.Connection{Name: "pingone", UserDefinedViews: text}
			_, err := c.SavedViews()
			assert.ErrorContains(t, err, "connections.pingone.user_defined_views")
		})
	}
}

// TestBoundsOfViews: as many as are read, and as long, and one more.
func TestBoundsOfViews(t *testing.T) {
	t.Parallel()
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "V%d: SELECT %d\n", i, i)
		}
		return b.String()
	}
	long := func(n int) string { return "V: SELECT 1 # " + strings.Repeat("x", n-len("V: SELECT 1 # ")) }
	for name, c := range map[string]struct {
		text, says string
		views      int
	}{
		"200 views":        {many(200), "", 200},
		"201 views":        {many(201), "there are more than 200 views. Write Name: SELECT …, one below the other.", 0},
		"1 MiB":            {long(1 << 20), "", 1},
		"a byte more":      {long(1<<20 + 1), "the file is longer than 1 MiB. Keep what is used.", 0},
		"nothing":          {"", "", 0},
		"comments alone":   {"# nothing yet\n", "", 0},
		"a list":           {"- SELECT 1\n", "there are no names. Write Name: SELECT …, one below the other.", 0},
		"a text":           {"SELECT 1\n", "there are no names. Write Name: SELECT …, one below the other.", 0},
		"two documents":    {"A: SELECT 1\n---\nB: SELECT 2\n", "line 3: a second document; the file must hold one YAML document.", 0},
		"query in letters": {"A: {QUERY: SELECT 1}\n", "", 1},
		"two keys":         {"A: {query: SELECT 1, doc: x}\n", "the view A has no query. Write Name: SELECT …, one below the other.", 0},
		"an empty query":   {"A: ' '\n", "the view A has no query. Write Name: SELECT …, one below the other.", 0},
		"a number":         {"A: 1\n", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "views.yaml")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			views, err := (&config.Connection{Name: "a", UserDefinedViews: path}).SavedViews()
			if c.says == "" {
				require.NoError(t, err)
				assert.Len(t, views, c.views)
				return
			}
			require.ErrorContains(t, err, "connections.a.user_defined_views ("+path+")")
			assert.True(t, strings.HasSuffix(gwerr.From(err).Message+" "+gwerr.From(err).Hint, c.says) || strings.HasSuffix(gwerr.From(err).Message, c.says), err)
		})
	}
}
