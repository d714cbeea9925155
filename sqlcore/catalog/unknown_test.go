package catalog_test

import (
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

func TestNoSchema(t *testing.T) {
	t.Parallel()
	few := []catalog.SchemaName{{Name: "Information"}, {Name: "Production"}, {Name: "pg_catalog", System: true}}
	many := few
	for c := 'a'; c < 'j'; c++ {
		many = append(many, catalog.SchemaName{Name: "Test " + string(c)})
	}
	for name, c := range map[string]struct {
		asked   string
		schemas []catalog.SchemaName
		hint    string
	}{
		"misspelled":       {"Productoin", few, "Did you mean Production?"},
		"another word":     {"Customers", few, "You may see Information, Production."},
		"many":             {"Customers", many, "You may see Information, Production, Test a, Test b, Test c, Test d, Test e, Test f and 3 more; Information.Environments lists them."},
		"nothing is shown": {"Customers", nil, "You may see none; ask the administrator for a role."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := catalog.NoSchema(c.asked, c.schemas)
			if err.Code != gwerr.UnknownSchema || err.Target != c.asked || !strings.Contains(err.Message, c.asked) || err.Hint != c.hint {
				t.Errorf("%+v", err)
			}
		})
	}
}
