package predicate_test

import (
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	base := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func(op predicate.Op, after time.Duration) predicate.Expr {
		return predicate.Cmp{Column: "At", Op: op, Value: predicate.TimeValue(base.Add(after))}
	}
	in := func(after ...time.Duration) predicate.Expr {
		values := make([]predicate.Value, len(after))
		for i, d := range after {
			values[i] = predicate.TimeValue(base.Add(d))
		}
		return predicate.In{Column: "At", Values: values}
	}
	other := predicate.Cmp{Column: "Name", Op: predicate.Eq, Value: predicate.StringValue("x")}
	const ms, open = time.Millisecond, -1
	cases := []struct {
		name     string
		where    predicate.Expr
		from, to time.Duration
	}{
		{"nothing", predicate.True, open, open},
		{"another column", other, open, open},
		{"at least", at(predicate.Ge, time.Hour), time.Hour, open},
		{"more", at(predicate.Gt, time.Hour), time.Hour + ms, open},
		{"at most", at(predicate.Le, time.Hour), open, time.Hour + ms},
		{"less", at(predicate.Lt, time.Hour), open, time.Hour},
		{"equal", at(predicate.Eq, time.Hour), time.Hour, time.Hour + ms},
		{"finer than rows: at least", at(predicate.Ge, 500*time.Microsecond), ms, open},
		{"finer than rows: more", at(predicate.Gt, 500*time.Microsecond), ms, open},
		{"finer than rows: less", at(predicate.Lt, 500*time.Microsecond), open, ms},
		{"finer than rows: at most", at(predicate.Le, 500*time.Microsecond), open, ms},
		{"finer than rows: equal", at(predicate.Eq, 500*time.Microsecond), ms, ms},
		{"not equal", at(predicate.Ne, time.Hour), open, open},
		{"between", predicate.AllOf(at(predicate.Ge, time.Hour), at(predicate.Le, 2*time.Hour), other), time.Hour, 2*time.Hour + ms},
		{"the tighter of several", predicate.AllOf(at(predicate.Ge, time.Hour), at(predicate.Gt, 2*time.Hour), at(predicate.Lt, 9*time.Hour), at(predicate.Lt, 5*time.Hour)), 2*time.Hour + ms, 5 * time.Hour},
		{"nothing fits", predicate.AllOf(at(predicate.Ge, 3*time.Hour), at(predicate.Lt, time.Hour)), 3 * time.Hour, time.Hour},
		{"a list", in(3*time.Hour, time.Hour, 2*time.Hour), time.Hour, 3*time.Hour + ms},
		{"either of two spans", predicate.AnyOf(
			predicate.AllOf(at(predicate.Ge, 5*time.Hour), at(predicate.Lt, 6*time.Hour)),
			predicate.AllOf(at(predicate.Ge, time.Hour), at(predicate.Lt, 2*time.Hour))), time.Hour, 6 * time.Hour},
		{"either of one open at its end", predicate.AnyOf(at(predicate.Ge, 5*time.Hour), predicate.AllOf(at(predicate.Ge, time.Hour), at(predicate.Lt, 2*time.Hour))), time.Hour, open},
		{"or anything", predicate.AnyOf(at(predicate.Ge, 5*time.Hour), other), open, open},
		{"not", predicate.Not{Arg: at(predicate.Ge, time.Hour)}, open, open},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			from, to := predicate.Span(c.where, "At")
			for end, pair := range map[string]struct {
				got  time.Time
				want time.Duration
			}{"from": {from, c.from}, "to": {to, c.to}} {
				want := time.Time{}
				if pair.want != open {
					want = base.Add(pair.want)
				}
				if !pair.got.Equal(want) {
					t.Errorf("%s is %s, want %s", end, pair.got, want)
				}
			}
		})
	}
}
