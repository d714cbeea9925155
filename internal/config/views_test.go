package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
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
