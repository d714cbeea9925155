package plan_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

func TestTheEnvironmentsIdIsKnownWithoutACall(t *testing.T) {
	t.Parallel()
	s := directory(t)
	own, other := predicate.UUIDValue(s.ID), id(9)
	name := eq("Username", text("ada"))
	cases := []struct {
		name   string
		where  predicate.Expr
		empty  bool
		filter string
	}{
		{"its own id", predicate.AllOf(eq("EnvironmentId", own), name), false, `username eq "ada"`},
		{"another's", predicate.AllOf(eq("EnvironmentId", other), name), true, ""},
		{"a list with its own", predicate.In{Column: "EnvironmentId", Values: []predicate.Value{other, own}}, false, ""},
		{"a list without it", predicate.In{Column: "EnvironmentId", Values: []predicate.Value{other, id(8)}}, true, ""},
		{"an empty list", predicate.In{Column: "EnvironmentId"}, true, ""},
		{"not its own", predicate.Not{Arg: eq("EnvironmentId", own)}, true, ""},
		{"not another's", predicate.AllOf(predicate.Not{Arg: eq("EnvironmentId", other)}, name), false, `username eq "ada"`},
		{"unequal to its own", predicate.Cmp{Column: "EnvironmentId", Op: predicate.Ne, Value: own}, true, ""},
		{"unequal to another's", predicate.AllOf(predicate.Cmp{Column: "EnvironmentId", Op: predicate.Ne, Value: other}, name), false, `username eq "ada"`},
		{"never null", predicate.IsNull{Column: "EnvironmentId"}, true, ""},
		{"another's or a name", predicate.AnyOf(eq("EnvironmentId", other), name), false, `username eq "ada"`},
		{"its own or a name", predicate.AnyOf(eq("EnvironmentId", own), name), false, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := plan.New(plan.Options{}, nil).Read(t.Context(), query.Access{Table: table(t, s, "Users"), Where: c.where}, nil)
			if err != nil {
				t.Fatal(err)
			}
			filter := ""
			if len(r.Request.Filters) > 0 {
				filter = r.Request.Filters[0]
			}
			if r.Empty != c.empty || filter != c.filter {
				t.Errorf("empty %v, filter %q", r.Empty, filter)
			}
		})
	}
}

func TestTheEnvironmentsIdLeavesACountExact(t *testing.T) {
	t.Parallel()
	s := directory(t)
	r, err := plan.New(plan.Options{}, nil).Read(t.Context(), query.Access{Table: table(t, s, "Users"), Where: eq("EnvironmentId", predicate.UUIDValue(s.ID))}, nil)
	if err != nil || !r.CountOnly {
		t.Errorf("count only %v, error %v", r.CountOnly, err)
	}
}
