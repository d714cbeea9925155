package odata_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

func tagged(c *odata.Config, _ *odatatest.Executor) { c.Changed = "BoughtAt" }

// tagsIn collects the tags of the entities in an answer, by the place of each.
func tagsIn(v any, place string, out map[string]string) map[string]string {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			tagsIn(item, fmt.Sprint(place, "/", i), out)
		}
	case map[string]any:
		for name, member := range v {
			if tag, ok := member.(string); ok && strings.HasSuffix(name, "@odata.etag") {
				out[place] = tag
			}
			tagsIn(member, place+"/"+name, out)
		}
	}
	return out
}

// An entity that $expand brings along has the tag that it has where it is read itself.
//
// Source: OData JSON Format 4.01, sections 3.1.1 and 4.6.10.
func TestExpandedEntitiesHaveTheirTags(t *testing.T) {
	t.Parallel()
	s := start(t, 12, tagged)
	shelf, book := "Shelves("+odatatest.ID("shelf", 1)+")", "Books("+odatatest.ID("book", 3)+")"
	of := func(n int) string { return s.get("Books(" + odatatest.ID("book", n) + ")").Header.Get("ETag") }
	require.True(t, strings.HasPrefix(of(3), `W/"2024-01-04T`), of(3))
	require.Empty(t, of(7), "which was bought at no known time")
	onShelf := map[string]string{"/Books/0": of(1), "/Books/1": of(4), "/Books/3": of(10)} // of the books 1, 4, 7 and 10
	const full = "$format=application/json;odata.metadata=full"
	loansOf2 := "Loans?$filter=BookId eq " + odatatest.ID("book", 2)
	for path, want := range map[string]map[string]string{
		shelf + "?$expand=Books":                                              onShelf,
		shelf + "?$expand=Books&" + full:                                      onShelf,
		shelf + "?$expand=Books($select=BoughtAt)":                            onShelf,
		shelf + "?$expand=Books($select=Title)":                               {},
		shelf + "?$expand=Books/$ref":                                         {},
		shelf + "?$expand=Books/$count":                                       {},
		shelf + "?$expand=Books&$format=application/json;odata.metadata=none": {},
		loansOf2 + "&$expand=Book":                                            {},
		loansOf2 + "&$expand=Book&" + full:                                    {"/value/0/Book": of(2), "/value/1/Book": of(2)},
		book + "?$expand=Loans($expand=Book),Shelf($expand=Books($select=Id))": {
			"": of(3), "/Loans/0/Book": of(3), "/Loans/1/Book": of(3), "/Loans/2/Book": of(3),
		},
	} {
		r := s.get(path)
		require.Equal(t, 200, r.Status, "%s: %s", path, r.Body)
		assert.Equal(t, want, tagsIn(parse[any](t, r.Body), "", map[string]string{}), path)
	}
}

// A tag made of values that the caller may not see would tell them.
func TestMaskedTagsAreNotTold(t *testing.T) {
	t.Parallel()
	s := start(t, 12, tagged)
	for _, table := range s.Library.Main.Tables {
		if table.Name == "Books" {
			table.Restriction = &catalog.Restriction{Masks: map[string]catalog.Mask{"BoughtAt": catalog.MaskNull}}
		}
	}
	for _, path := range []string{"Shelves(" + odatatest.ID("shelf", 1) + ")?$expand=Books", "Books(" + odatatest.ID("book", 1) + ")"} {
		r := s.get(path)
		require.Equal(t, 200, r.Status, r.Body)
		assert.NotContains(t, r.Body, "etag", path)
	}
}
