package plan_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// directory loads the shipped tables into one environment.
func directory(t *testing.T) *catalog.Schema {
	t.Helper()
	declared, err := tables.All()
	if err != nil {
		t.Fatal(err)
	}
	s := &catalog.Schema{Name: "Administrators", ID: "0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a10"}
	for _, d := range declared {
		if d.Scope == catalog.PerEnvironment {
			s.Tables = append(s.Tables, d.In(s, nil, nil))
		}
	}
	return s
}

func table(t *testing.T, s *catalog.Schema, name string) *catalog.Table {
	t.Helper()
	found, ok := s.Table(name)
	if !ok {
		t.Fatalf("no table %s", name)
	}
	return found
}

// sizes are tables' sizes; asked counts how often the source was asked.
type sizes struct {
	rows  map[string]int64
	asked int
}

func (s *sizes) Size(_ context.Context, t *catalog.Table) (int64, bool) {
	s.asked++
	n, ok := s.rows[t.Name]
	return n, ok
}

func (s *sizes) Peek(*catalog.Table) (int64, bool) { return 0, false }

func (s *sizes) Parts(*catalog.Table) int64 { return 0 }

func positions(t *testing.T, tab *catalog.Table, names ...string) []int {
	t.Helper()
	out := make([]int, len(names))
	for i, n := range names {
		if out[i] = tab.Index(n); out[i] < 0 {
			t.Fatalf("no column %s", n)
		}
	}
	return out
}

func eq(column string, v predicate.Value) predicate.Expr {
	return predicate.Cmp{Column: column, Op: predicate.Eq, Value: v}
}

func text(s string) predicate.Value { return predicate.StringValue(s) }

func id(n int) predicate.Value {
	return predicate.UUIDValue(fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
}

func ids(n int) []predicate.Value {
	out := make([]predicate.Value, n)
	for i := range out {
		out[i] = id(i)
	}
	return out
}

func TestReadChoosesThePath(t *testing.T) {
	t.Parallel()
	enabled := eq("IsEnabled", predicate.BoolValue(true))
	many := predicate.In{Column: "Id", Values: ids(5000)}
	cases := []struct {
		name      string
		table     string
		columns   string
		where     predicate.Expr
		limit     int64
		path      string
		filter    string
		keys      int
		exact     bool
		partition bool
		asked     bool // whether a table's size may be asked
	}{
		{"the seed query is one filtered listing", "Users", "Id Username EmployeeType", eq("EmployeeType", text("Contractor")), 0, "list", `type eq "Contractor"`, 0, false, true, false},
		{"single reads by key", "Users", "Id", predicate.In{Column: "Id", Values: ids(3)}, 0, "by_id", "", 3, true, false, false},
		{"a listing when there are more keys than pages", "Users", "Id", many, 0, "list", "", 0, false, true, true},
		{"a boolean is exact", "Users", "Id", enabled, 0, "list", `enabled eq "true"`, 0, true, true, false},
		{"unique names are one call", "Users", "Id", eq("Username", text("ada")), 0, "list", `username eq "ada"`, 0, false, false, false},
		{"a prefix", "Users", "Id", predicate.Match{Column: "Username", Kind: predicate.Prefix, Text: "ad"}, 0, "list", `username sw "ad"`, 0, false, true, false},
		{"no contains on users", "Users", "Id", predicate.Match{Column: "FirstName", Kind: predicate.Contains, Text: "ad"}, 0, "list", "", 0, false, true, false},
		{"a full scan may be divided", "Users", "Id", predicate.True, 0, "list", "", 0, true, true, false},
		{"a limit isn't", "Users", "Id", predicate.True, 5, "list", "", 0, true, false, false},
		{"memberships of a user", "UserGroupAssociations", "GroupId", eq("UserId", id(1)), 0, "by_user", "", 1, true, false, false},
		{"one membership", "UserGroupAssociations", "Type", predicate.AllOf(eq("UserId", id(1)), eq("GroupId", id(2))), 0, "by_user_and_group", "", 1, true, false, false},
		{"members of a group", "UserGroupAssociations", "UserId", eq("GroupId", id(2)), 0, "by_group", "", 1, true, false, false},
		{"all memberships by the fewer parents", "UserGroupAssociations", "UserId GroupId", predicate.True, 0, "all_by_group", "", 0, true, false, true},
		{"groups by name", "Groups", "Id", eq("Name", text("Sales")), 0, "list", `name eq "Sales"`, 0, false, false, false},
		{"one population", "Populations", "Name", eq("Id", id(1)), 0, "by_id", "", 1, true, false, false},
	}
	s := directory(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sz := &sizes{rows: map[string]int64{"Users": 5000, "Groups": 60, "Populations": 9}}
			tab := table(t, s, c.table)
			r, err := plan.New(plan.Options{}, sz).Read(t.Context(), query.Access{
				Table: tab, Columns: positions(t, tab, strings.Fields(c.columns)...), Where: c.where, WhereComplete: true, Limit: c.limit,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			q := r.Request
			if q.Path.Name != c.path || strings.Join(q.Filters, "|") != c.filter || len(q.Keys) != c.keys || r.Exact != c.exact || q.Partition != c.partition {
				t.Errorf("path %s filters %q keys %d exact %v partition %v", q.Path.Name, q.Filters, len(q.Keys), r.Exact, q.Partition)
			}
			if asked := sz.asked > 0; asked != c.asked {
				t.Errorf("the source was asked for a size: %v, want %v", asked, c.asked)
			}
			if wantLimit := c.limit > 0 && c.exact; wantLimit != (q.Limit > 0) {
				t.Errorf("limit %d", q.Limit)
			}
			if r.Exact != (r.Residual == predicate.True) {
				t.Errorf("exact %v, but residual %s", r.Exact, r.Residual)
			}
		})
	}
}

func TestReadFetchesWhatTheResidualReads(t *testing.T) {
	t.Parallel()
	users := table(t, directory(t), "Users")
	where := predicate.AllOf(eq("Title", text("Boss")), predicate.IsNull{Column: "Email"})
	r, err := plan.New(plan.Options{}, nil).Read(t.Context(), query.Access{Table: users, Columns: positions(t, users, "Id"), Where: where}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range r.Request.Columns {
		got = append(got, users.Columns[c].Name)
	}
	if strings.Join(got, " ") != "Id Title Email" || len(r.Output) != 1 || len(r.Extra) != 2 {
		t.Errorf("columns %v, output %v, extra %v", got, r.Output, r.Extra)
	}
}

func TestContradictionsReadNothing(t *testing.T) {
	t.Parallel()
	users := table(t, directory(t), "Users")
	for name, where := range map[string]predicate.Expr{
		"false":           predicate.False,
		"two ids at once": predicate.AllOf(eq("Id", id(1)), eq("Id", id(2))),
	} {
		r, err := plan.New(plan.Options{}, nil).Read(t.Context(), query.Access{Table: users, Where: where}, nil)
		if err != nil || !r.Empty {
			t.Errorf("%s: empty %v, error %v", name, r.Empty, err)
		}
	}
}

func TestKeysThatAConditionExcludesAreCheckedAgain(t *testing.T) {
	t.Parallel()
	users := table(t, directory(t), "Users")
	later := func(n int) predicate.Expr { return predicate.Cmp{Column: "Id", Op: predicate.Gt, Value: id(n)} }
	for name, c := range map[string]struct {
		where predicate.Expr
		exact bool
	}{
		"values":           {predicate.AnyOf(eq("Id", id(1)), eq("Id", id(2))), true},
		"values in a list": {predicate.AnyOf(eq("Id", id(1)), predicate.In{Column: "Id", Values: ids(3)}), true},
		"both":             {predicate.AnyOf(predicate.AllOf(eq("Id", id(1)), predicate.In{Column: "Id", Values: ids(3)}), eq("Id", id(2))), true},
		"a range as well":  {predicate.AnyOf(predicate.AllOf(eq("Id", id(1)), later(5)), eq("Id", id(2))), false},
		"a range beside":   {predicate.AllOf(eq("Id", id(1)), later(5)), false},
	} {
		r, err := plan.New(plan.Options{}, nil).Read(t.Context(), query.Access{Table: users, Where: c.where}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Request.Path.Name != "by_id" || r.Exact != c.exact || (r.Residual == predicate.True) != c.exact {
			t.Errorf("%s: path %s, exact %v, residual %s", name, r.Request.Path.Name, r.Exact, r.Residual)
		}
	}
}

func TestCountOnly(t *testing.T) {
	t.Parallel()
	s := directory(t)
	users := table(t, s, "Users")
	p := plan.New(plan.Options{}, nil)
	for name, c := range map[string]struct {
		where predicate.Expr
		want  bool
	}{
		"all":        {predicate.True, true},
		"exact":      {eq("IsEnabled", predicate.BoolValue(true)), true},
		"a string":   {eq("Title", text("Boss")), false},
		"a residual": {predicate.IsNull{Column: "Email"}, false},
	} {
		r, err := p.Read(t.Context(), query.Access{Table: users, Where: c.where}, nil)
		if err != nil || r.CountOnly != c.want {
			t.Errorf("%s: count only %v, error %v", name, r.CountOnly, err)
		}
	}
}

func TestNoPushDownReadsWholeTables(t *testing.T) {
	t.Parallel()
	s := directory(t)
	p := plan.New(plan.Options{NoPushDown: true}, nil)
	for name, where := range map[string]predicate.Expr{
		"Users":                 predicate.AllOf(eq("Id", id(1)), eq("Username", text("ada"))),
		"UserGroupAssociations": predicate.AllOf(eq("UserId", id(1)), eq("Type", text("DIRECT"))),
	} {
		r, err := p.Read(t.Context(), query.Access{Table: table(t, s, name), Where: where, Limit: 3}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Request.Filters)+len(r.Request.Keys)+len(r.Request.Variants) > 0 || r.Exact || r.Request.Limit > 0 {
			t.Errorf("%s: something was pushed: %+v", name, r.Request)
		}
	}
}

func TestRestrictionJoinsInAndMasksAreNotPushed(t *testing.T) {
	t.Parallel()
	base := table(t, directory(t), "Users")
	shown := *base
	shown.Columns = nil
	for _, c := range base.Columns {
		if c.Name != "PopulationId" {
			shown.Columns = append(shown.Columns, c)
		}
	}
	shown.Restriction = &catalog.Restriction{
		Base: base, Where: eq("PopulationId", id(7)), Masks: map[string]catalog.Mask{"Email": catalog.MaskHash},
	}
	where := predicate.AllOf(eq("Email", text("ada@example.com")), eq("Title", text("Boss")))
	r, err := plan.New(plan.Options{}, nil).Read(t.Context(), query.Access{Table: &shown, Columns: positions(t, &shown, "Id", "Title"), Where: where, Limit: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	filter := strings.Join(r.Request.Filters, "|")
	if strings.Contains(filter, "ada") || !strings.Contains(filter, "population.id eq") || !strings.Contains(filter, `title eq "Boss"`) {
		t.Errorf("filter %s", filter)
	}
	if r.Request.Limit != 0 || r.Residual.String() != where.String() || r.Request.Table != base {
		t.Errorf("limit %d, residual %s", r.Request.Limit, r.Residual)
	}
	if r.CountOnly {
		t.Error("a masked condition can't be counted upstream")
	}
}

func TestFanoutIsRefusedBeforeTheFirstCall(t *testing.T) {
	t.Parallel()
	s := directory(t)
	p := plan.New(plan.Options{MaxFanout: 100}, &sizes{rows: map[string]int64{"Users": 100_000, "Groups": 20_000}})
	for _, name := range []string{"UserGroupAssociations", "UserPasswords"} {
		r, err := p.Read(t.Context(), query.Access{Table: table(t, s, name)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.CheckFanout(t.Context(), r); !gwerr.Is(err, gwerr.FanoutExceeded) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A table that is read by one path alone is planned without a call: join keys
// may still reduce it. Its cost is asked for only when it is to be paid.
func TestSizeOfParentsIsAskedLate(t *testing.T) {
	t.Parallel()
	passwords := table(t, directory(t), "UserPasswords")
	sz := &sizes{rows: map[string]int64{"Users": 3017}}
	p := plan.New(plan.Options{MaxFanout: 50_000}, sz)
	access := query.Access{Table: passwords, Columns: positions(t, passwords, "UserId", "Status")}
	r, err := p.Read(t.Context(), access, nil)
	if err != nil || sz.asked != 0 || r.Request.Path.Name != "all" {
		t.Fatalf("path %s, %d questions, error %v", r.Request.Path.Name, sz.asked, err)
	}
	if err := p.CheckFanout(t.Context(), r); err != nil || sz.asked == 0 || r.Estimate.Calls < 3017 {
		t.Errorf("%+v after %d questions, error %v", r.Estimate, sz.asked, err)
	}
	if r, err = p.Read(t.Context(), access, predicate.In{Column: "UserId", Values: ids(3)}); err != nil || r.Request.Path.Name != "by_user" || r.Estimate.Calls != 3 {
		t.Errorf("path %s, %+v, error %v", r.Request.Path.Name, r.Estimate, err)
	}
}

func TestKeysFromJoinsNarrowARead(t *testing.T) {
	t.Parallel()
	s := directory(t)
	p := plan.New(plan.Options{}, &sizes{rows: map[string]int64{"Users": 5000, "Groups": 60}})
	memberships := query.Access{Table: table(t, s, "UserGroupAssociations")}
	r, err := p.Read(t.Context(), memberships, predicate.In{Column: "UserId", Values: ids(2)})
	if err != nil {
		t.Fatal(err)
	}
	if r.Request.Path.Name != "by_user" || len(r.Request.Keys) != 2 {
		t.Errorf("path %s with %d keys", r.Request.Path.Name, len(r.Request.Keys))
	}
	// With more users than groups, the groups are the cheaper way round.
	r, err = p.Read(t.Context(), memberships, predicate.In{Column: "UserId", Values: ids(4000)})
	if err != nil {
		t.Fatal(err)
	}
	if r.Request.Path.Name != "all_by_group" {
		t.Errorf("path %s", r.Request.Path.Name)
	}
}

// TestFewRows: where few rows can come, their answer is not to be compressed.
func TestFewRows(t *testing.T) {
	t.Parallel()
	names := func(n int) predicate.Expr {
		list := make([]predicate.Value, n)
		for i := range list {
			list[i] = text(fmt.Sprint("ada", i))
		}
		return predicate.In{Column: "Username", Values: list}
	}
	s := directory(t)
	users := table(t, s, "Users")
	for name, c := range map[string]struct {
		where predicate.Expr
		want  bool
	}{
		"one name": {eq("Username", text("ada")), true}, "five names": {names(5), true}, "more names": {names(6), false},
		"no name": {eq("EmployeeType", text("Contractor")), false}, "all": {predicate.True, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := plan.New(plan.Options{}, &sizes{rows: map[string]int64{"Users": 5000}}).Read(t.Context(), query.Access{
				Table: users, Columns: positions(t, users, "Id"), Where: c.where, WhereComplete: true,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Request.Few != c.want {
				t.Errorf("few: %v, filters %q", r.Request.Few, r.Request.Filters)
			}
		})
	}
}
