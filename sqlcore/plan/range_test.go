package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

func TestRangesOfTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	at := func(op predicate.Op, n int) predicate.Expr {
		return predicate.Cmp{Column: "RecordedAt", Op: op, Value: predicate.TimeValue(day(n))}
	}
	s := directory(t)
	activities := table(t, s, "Activities")
	cases := []struct {
		name     string
		where    predicate.Expr
		from, to time.Time
		exact    bool
		empty    bool
		filters  string
	}{
		{"no condition", predicate.True, time.Time{}, time.Time{}, true, false, ""},
		{"since", at(predicate.Ge, 7), day(7), time.Time{}, true, false, ""},
		{"between", predicate.AllOf(at(predicate.Ge, 7), at(predicate.Lt, 3)), day(7), day(3), true, false, ""},
		{"until", at(predicate.Lt, 3), time.Time{}, day(3), true, false, ""},
		{"nothing between", predicate.AllOf(at(predicate.Ge, 3), at(predicate.Lt, 7)), day(3), day(7), true, true, ""},
		{"in the future", at(predicate.Ge, -7), day(-7), time.Time{}, true, true, ""},
		{"either of two", predicate.AnyOf(at(predicate.Eq, 7), at(predicate.Eq, 3)), day(7), day(3).Add(time.Millisecond), false, false, ""},
		{"one subject of two, the better", predicate.AllOf(at(predicate.Ge, 7), eq("ActionType", text("X")), eq("ActorUserId", text("u"))), day(7), time.Time{}, false, false, `actors.user.id eq "u"`},
		{"a list of subjects", predicate.AllOf(at(predicate.Ge, 7), predicate.In{Column: "ActorUserId", Values: []predicate.Value{text("u"), text("v")}}), day(7), time.Time{}, true, false, `actors.user.id eq "u", actors.user.id eq "v"`},
		{"a long list", predicate.In{Column: "ActorUserId", Values: ids(9)}, time.Time{}, time.Time{}, false, false, ""},
	}
	for _, push := range []bool{true, false} {
		p := plan.New(plan.Options{Now: func() time.Time { return now }, NoPushDown: !push}, nil)
		for _, c := range cases {
			r, err := p.Read(t.Context(), query.Access{Table: activities, Where: c.where, WhereComplete: true}, nil)
			if err != nil {
				t.Fatal(c.name, err)
			}
			if c.empty != r.Empty || !c.empty && (!r.Request.From.Equal(c.from) || !r.Request.To.Equal(c.to)) {
				t.Errorf("%s: empty %v, from %s to %s", c.name, r.Empty, r.Request.From, r.Request.To)
			}
			if got := strings.Join(r.Request.Filters, ", "); push && (got != c.filters || r.Exact != c.exact) {
				t.Errorf("%s: filters %s, exact %v", c.name, got, r.Exact)
			}
			if said := len(r.Scope) > 0; said != c.from.IsZero() {
				t.Errorf("%s: said %v", c.name, r.Scope)
			}
		}
	}
}

func TestEachValueOfAKey(t *testing.T) {
	t.Parallel()
	counts := table(t, directory(t), "ActiveIdentityCounts")
	for name, c := range map[string]struct {
		where predicate.Expr
		want  []string
		empty bool
	}{
		"no condition":  {predicate.True, []string{"DAY", "MONTH"}, false},
		"one":           {eq("SamplePeriod", text("MONTH")), []string{"MONTH"}, false},
		"none of these": {eq("SamplePeriod", text("YEAR")), nil, true},
	} {
		r, err := plan.New(plan.Options{}, nil).Read(t.Context(), query.Access{Table: counts, Where: c.where}, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		var got []string
		for _, key := range r.Request.Keys {
			got = append(got, key...)
		}
		if r.Empty != c.empty || !c.empty && !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, empty %v", name, got, r.Empty)
		}
	}
}

func TestTheFirstRowsInAnOrder(t *testing.T) {
	t.Parallel()
	s := directory(t)
	counts, activities := table(t, s, "ActiveIdentityCounts"), table(t, s, "Activities")
	days := eq("SamplePeriod", text("DAY"))
	for name, c := range map[string]struct {
		access        query.Access
		order         string
		limit, newest int64
	}{
		"sorted by the service": {query.Access{Table: counts, Where: days, Top: &query.Top{Column: "StartDate", Descending: true, Rows: 7, Alone: true}}, "-startDate", 7, 0},
		"ascending":             {query.Access{Table: counts, Where: days, Top: &query.Top{Column: "StartDate", Rows: 7, Alone: true}}, "startDate", 7, 0},
		"then by another":       {query.Access{Table: counts, Where: days, Top: &query.Top{Column: "StartDate", Rows: 7}}, "", 0, 0},
		"of two readings":       {query.Access{Table: counts, Top: &query.Top{Column: "StartDate", Rows: 7, Alone: true}}, "", 0, 0},
		"with more conditions":  {query.Access{Table: counts, Where: predicate.AllOf(days, predicate.IsNull{Column: "Value"}), Top: &query.Top{Column: "StartDate", Rows: 7, Alone: true}}, "", 0, 0},
		"by another column":     {query.Access{Table: counts, Where: days, Top: &query.Top{Column: "SamplePeriod", Rows: 7, Alone: true}}, "", 0, 0},
		"the newest":            {query.Access{Table: activities, Top: &query.Top{Column: "RecordedAt", Descending: true, Rows: 7}}, "", 0, 7},
		"the oldest":            {query.Access{Table: activities, Top: &query.Top{Column: "RecordedAt", Rows: 7}}, "", 0, 0},
		"the newest of some":    {query.Access{Table: activities, Where: predicate.IsNull{Column: "ActionType"}, Top: &query.Top{Column: "RecordedAt", Descending: true, Rows: 7}}, "", 0, 0},
	} {
		r, err := plan.New(plan.Options{}, nil).Read(t.Context(), c.access, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		if q := r.Request; q.Order != c.order || q.Limit != c.limit || q.Newest != c.newest {
			t.Errorf("%s: order %q, limit %d, newest %d", name, q.Order, q.Limit, q.Newest)
		}
	}
}
