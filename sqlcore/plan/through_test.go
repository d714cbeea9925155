package plan_test

import (
	"slices"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// The rows of another table are in a link's answers only where its path lists
// that table, and the caller sees the keys as they are.
func TestLinksListOtherTables(t *testing.T) {
	t.Parallel()
	s := directory(t)
	masked := func(name, column string) *catalog.Table {
		base := table(t, s, name)
		c := *base
		c.Restriction = &catalog.Restriction{Base: base, Masks: map[string]catalog.Mask{column: catalog.MaskNull}}
		return &c
	}
	group := eq("GroupId", id(1))
	for name, c := range map[string]struct {
		link, to   *catalog.Table
		where      predicate.Expr
		column     string
		key, lists string
	}{
		"the users of a group":     {table(t, s, "UserGroupAssociations"), table(t, s, "Users"), group, "UserId", "Id", "by_group"},
		"the users of all groups":  {table(t, s, "UserGroupAssociations"), table(t, s, "Users"), predicate.True, "UserId", "Id", "by_group"},
		"the groups below another": {table(t, s, "ParentGroupAssociations"), table(t, s, "Groups"), eq("ParentGroupId", id(1)), "GroupId", "Id", "by_parent"},
		"the groups of a user":     {table(t, s, "UserGroupAssociations"), table(t, s, "Groups"), eq("UserId", id(1)), "GroupId", "Id", ""},
		"by another column":        {table(t, s, "UserGroupAssociations"), table(t, s, "Users"), group, "UserId", "PopulationId", ""},
		"the group itself":         {table(t, s, "UserGroupAssociations"), table(t, s, "Groups"), group, "GroupId", "Id", ""},
		"masked members":           {masked("UserGroupAssociations", "UserId"), table(t, s, "Users"), group, "UserId", "Id", ""},
		"masked groups":            {masked("UserGroupAssociations", "GroupId"), table(t, s, "Users"), group, "UserId", "Id", ""},
		"masked users":             {table(t, s, "UserGroupAssociations"), masked("Users", "Id"), group, "UserId", "Id", ""},
		"other masks of users":     {table(t, s, "UserGroupAssociations"), masked("Users", "Email"), group, "UserId", "Id", "by_group"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plan.New(plan.Options{}, &sizes{rows: map[string]int64{"Users": 5000, "Groups": 60}})
			r, err := p.Read(t.Context(), query.Access{Table: c.link, Columns: positions(t, c.link, c.column), Where: c.where, WhereComplete: true}, nil)
			if err != nil {
				t.Fatal(err)
			}
			l := &plan.Link{Read: r, Column: c.column, Keys: [][]string{{"a"}, {"b"}}, Rows: 450}
			path := l.Lists(c.to, c.key)
			if (path == nil) != (c.lists == "") || path != nil && path.Name != c.lists {
				t.Fatalf("lists by %v, want %q", path, c.lists)
			}
			if path == nil {
				return
			}
			through, err := p.Through(t.Context(), query.Access{Table: c.to, Columns: []int{0}, Limit: 3}, nil, l, path)
			if err != nil || len(through.Request.Keys) != 2 || through.Request.Path.Filter != path.Filter || through.Request.Limit != 0 || through.Estimate.Rows != 450 {
				t.Errorf("%+v, %v", through, err)
			}
		})
	}
}

// The calls that were made for each value of a variant give the rows again, each of
// them once; where they were not kept, or a row can't be known again, one listing of
// all takes fewer.
func TestLinksOfVariants(t *testing.T) {
	t.Parallel()
	s := directory(t)
	users, members := table(t, s, "Users"), table(t, s, "UserGroupAssociations")
	hidden := *users
	hidden.Restriction = &catalog.Restriction{Base: users, Masks: map[string]catalog.Mask{"Id": catalog.MaskNull}}
	p := plan.New(plan.Options{}, &sizes{rows: map[string]int64{"Users": 5000, "Groups": 60}})
	r, err := p.Read(t.Context(), query.Access{Table: members, Columns: positions(t, members, "GroupId", "UserId", "Type"), Where: eq("GroupId", id(1)), WhereComplete: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	both := map[string][][]string{"DIRECT": {{"a"}, {"b"}}, "INDIRECT": {{"b"}}}
	path := members.Path("by_group")
	for name, c := range map[string]struct {
		to     *catalog.Table
		apart  map[string][][]string
		shared bool
		calls  int64
		keys   []int // of each part
	}{
		"both":         {users, both, true, 0, []int{2, 1}},
		"one of them":  {users, map[string][][]string{"INDIRECT": {{"b"}}}, true, 0, []int{1}},
		"nothing":      {users, map[string][][]string{}, true, 0, nil},
		"not kept":     {users, both, false, 4, nil},
		"a masked key": {&hidden, both, true, 4, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &plan.Link{Read: r, Column: "UserId", Keys: [][]string{{"a"}, {"b"}}, Apart: c.apart, Rows: 450, Shared: c.shared}
			if !l.Alike(path) || !l.Tells(path) {
				t.Error("the calls are not alike")
			}
			keys := predicate.In{Column: "Id", Values: []predicate.Value{id(1)}}
			through, err := p.Through(t.Context(), query.Access{Table: c.to, Columns: positions(t, users, "Username")}, keys, l, path)
			if err != nil || through.Estimate.Calls != c.calls || through.Divided() != (c.calls == 0) || through.Empty != (c.apart != nil && len(c.apart) == 0) {
				t.Fatalf("%+v, %v", through, err)
			}
			var got []int
			for _, part := range through.Parts {
				got = append(got, len(part.Request.Keys))
				if part.Request.Path.Filter == path.Filter || !part.Request.Shared || !slices.Contains(part.Request.Columns, users.Index("Id")) {
					t.Errorf("%+v", part.Request)
				}
			}
			if !slices.Equal(got, c.keys) {
				t.Errorf("keys of the parts: %v, want %v", got, c.keys)
			}
		})
	}
}

// Only what the service tests exactly, and rows have always, can be counted by.
func TestCountsStandForRows(t *testing.T) {
	t.Parallel()
	users := table(t, directory(t), "Users")
	for name, c := range map[string]struct {
		columns []string
		where   predicate.Expr
		by      []string
	}{
		"a population":             {[]string{"PopulationId"}, nil, []string{"PopulationId"}},
		"a flag and a population":  {[]string{"IsEnabled", "PopulationId", "EnvironmentId"}, nil, []string{"IsEnabled", "PopulationId"}},
		"under an exact condition": {[]string{"PopulationId"}, eq("IsEnabled", predicate.BoolValue(true)), []string{"PopulationId"}},
		"a flag that may lack":     {[]string{"MFAEnabled"}, nil, nil},
		"a text":                   {[]string{"PopulationId", "EmployeeType"}, nil, nil},
		"under a text":             {[]string{"PopulationId"}, eq("EmployeeType", text("x")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := plan.New(plan.Options{}, nil).Read(t.Context(), query.Access{Table: users, Columns: positions(t, users, c.columns...), Where: c.where, WhereComplete: true}, nil)
			if err != nil || !slices.Equal(r.Request.CountBy, c.by) {
				t.Errorf("%v, %v", r.Request.CountBy, err)
			}
		})
	}
}
