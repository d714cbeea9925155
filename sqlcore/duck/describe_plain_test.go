//go:build duckdb_arrow

package duck_test

import (
	"context"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

// TestDescribedAlike compares columns that are told by the text with those that
// the engine tells of the same query in a form that needs it.
func TestDescribedAlike(t *testing.T) {
	t.Parallel()
	e := open(t)
	for _, list := range []string{
		"Id, Name, Email, Active, Joined, BranchId, Age, Points, Balance, Notes, Tags", "id, NAME, eMail", "m.Id, m.name", `"Id", "NAME"`,
		"Id AS ID", "Id AS Name", "Id AS Name, Name AS Id", "Id AS x, Name AS X", "Id, id", "Id, Name AS id", `Name AS "ä b"`, `Name AS ""`, "Name Id", "Town.m.Id", "rowid2",
	} {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			got, err1 := e.Bind(context.Background(), request("SELECT "+list+" FROM Town.Members m WHERE Age > 3"))
			want, err2 := e.Bind(context.Background(), request("SELECT "+list+" FROM Town.Members m WHERE Age > 3 UNION ALL SELECT "+list+" FROM Town.Members m WHERE Age > 4"))
			if (err1 == nil) != (err2 == nil) {
				t.Fatal(err1, err2)
			}
			if err1 != nil {
				t.Log(err1)
				return
			}
			t.Log(got.Plain != nil, want.Plain != nil, got.Columns)
			if len(got.Columns) != len(want.Columns) {
				t.Fatal(got.Columns, want.Columns)
			}
			for i := range got.Columns {
				if got.Columns[i] != want.Columns[i] {
					t.Error(got.Columns[i], want.Columns[i])
				}
			}
		})
	}
	_ = duck.BindRequest{}
}
