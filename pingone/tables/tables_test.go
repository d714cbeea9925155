package tables_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

func TestDeclarationsLoad(t *testing.T) {
	t.Parallel()
	found, err := catalog.Load(tables.FS)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{
		"Organizations": 7, "Environments": 18, "Populations": 12, "Users": 45, "Groups": 16,
		"UserGroupAssociations": 5, "Schemas": 5, "SchemaAttributes": 19, "Licenses": 31,
		"UserPasswords": 5, "GroupTotals": 4,
	}
	for _, table := range found {
		if n, ok := want[table.Name]; !ok || n != len(table.Columns) {
			t.Errorf("%s has %d columns, want %d", table.Name, len(table.Columns), n)
		}
		delete(want, table.Name)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}
