//go:build duckdb_arrow

package integration

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/internal/testkit/seed"
)

const nestRequests = 40 / thinner

// nestgen makes $apply with nest at random, together with what it gives: plain loops over
// the rows of the plain feed.
type nestgen struct {
	r     *rand.Rand
	alias int
}

// sequence is a part of $apply, and what it gives of rows, in order.
type sequence struct {
	text string
	give func(rows []row) []any
}

// TestNestAnswersAsSpecified compares random requests with what plain loops over the
// plain feed give, with push-down and without.
//
// Source: OData Data Aggregation 4.0, sections 3.2.3 and 3.5.2.
func TestNestAnswersAsSpecified(t *testing.T) {
	t.Parallel()
	start := seed.Of(t)
	on, off := twins(t, propertyUsers)
	with, without := on.Serve(t, testkit.WebOptions{}), off.Serve(t, testkit.WebOptions{})
	users := plainUsers(t, without)
	g := &nestgen{r: rand.New(rand.NewPCG(start, 11))}
	several := 0
	for n := range nestRequests {
		s := g.request()
		want := s.give(byID(users))
		if len(want) > 1 {
			several++
		}
		for name, web := range map[string]*testkit.Web{"with push-down": with, "without": without} {
			a := get(t, web, odataRoot+applying("Users", s.text))
			var feed struct{ Value []any }
			if a.status != http.StatusOK || a.err != nil || json.Unmarshal(a.body, &feed) != nil {
				t.Errorf("request %d, PROPERTY_SEED=%d, %s: %d %v\n%s\n%.300s", n, start, name, a.status, a.err, s.text, a.body)
				continue
			}
			if got, expected := spelledOut(t, feed.Value), spelledOut(t, want); got != expected {
				t.Errorf("request %d, PROPERTY_SEED=%d, %s: %s\ngot  %.900s\nwant %.900s", n, start, name, s.text, got, expected)
			}
		}
	}
	if several < nestRequests/4 {
		t.Errorf("only %d answers have several rows", several)
	}
}

// spelledOut writes rows as JSON: of entities their ids, of others what is no control
// information.
func spelledOut(t *testing.T, rows []any) string {
	t.Helper()
	text, err := json.Marshal(uncontrolled(rows))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func uncontrolled(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = uncontrolled(v[i])
		}
		return out
	case map[string]any:
		if v["Id"] != nil {
			return v["Id"]
		}
		out := map[string]any{}
		for name, member := range v {
			if !strings.Contains(name, "@") {
				out[name] = uncontrolled(member)
			}
		}
		return out
	default:
		return v
	}
}

func byID(rows []row) []row {
	return slices.SortedFunc(slices.Values(rows), func(a, b row) int { return cmp.Compare(text(a, "Id"), text(b, "Id")) })
}

// request nests all rows, or those of groups, of some users.
func (g *nestgen) request() sequence {
	s := g.nested(1)
	if g.r.IntN(4) > 0 {
		s = g.each(g.after(s))
	}
	return g.after(s)
}

// after puts a condition before a sequence, if at all.
func (g *nestgen) after(s sequence) sequence {
	if g.r.IntN(2) == 0 {
		return s
	}
	f := pick(g.r, []struct {
		text string
		test func(row) bool
	}{
		{"IsEnabled", func(r row) bool { return r["IsEnabled"] == true }},
		{"startswith(Username,'m')", func(r row) bool { return strings.HasPrefix(text(r, "Username"), "m") }},
		{"not (Population/Name eq 'Employees')", func(r row) bool { return r["Population/Name"] != "Employees" }},
		{"EmployeeType eq null or length(Username) gt 12", func(r row) bool { return r["EmployeeType"] == nil || length(r) > 12 }},
	}...)
	return sequence{"filter(" + f.text + ")/" + s.text, func(rows []row) []any {
		kept := set{rows: rows}
		kept.keep(f.test)
		return s.give(kept.rows)
	}}
}

// nested has one to three collections.
func (g *nestgen) nested(depth int) sequence {
	var parts []string
	collections := map[string]func([]row) []any{}
	for range 1 + g.r.IntN(3) {
		s := g.after(g.inner(depth))
		g.alias++
		name := fmt.Sprintf("N%d", g.alias)
		parts, collections[name] = append(parts, s.text+" as "+name), s.give
	}
	return sequence{"nest(" + strings.Join(parts, ",") + ")", func(rows []row) []any {
		one := map[string]any{}
		for name, give := range collections {
			one[name] = append([]any{}, give(rows)...)
		}
		return []any{one}
	}}
}

// inner is a sequence within nest.
func (g *nestgen) inner(depth int) sequence {
	n := g.r.IntN(4)
	entities := func(text string, cut func(rows []row) []row) sequence {
		return sequence{text, func(rows []row) (out []any) {
			for _, r := range cut(rows) {
				out = append(out, map[string]any(r))
			}
			return out
		}}
	}
	switch k := g.r.IntN(8); {
	case k == 0:
		return entities("identity", func(rows []row) []row { return rows })
	case k == 1:
		return entities(fmt.Sprintf("orderby(Username desc)/top(%d)", n), func(rows []row) []row {
			rows = slices.Clone(rows)
			slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(text(b, "Username"), text(a, "Username")) })
			return rows[:min(n, len(rows))]
		})
	case k == 2:
		return entities(fmt.Sprintf("skip(%d)", n), func(rows []row) []row { return rows[min(n, len(rows)):] })
	case k == 3:
		return entities(fmt.Sprintf("topcount(%d,length(Username))", n), func(rows []row) []row { return byID(leading(rows, "count", n, true)) })
	case k == 4 && depth > 0:
		return g.each(g.nested(depth - 1))
	case k < 6:
		return g.each(totals())
	default:
		return totals()
	}
}

// totals aggregates.
func totals() sequence {
	return sequence{"aggregate($count as Number,length(Username) with max as Longest)", func(rows []row) []any {
		one := map[string]any{"Number": float64(len(rows)), "Longest": nil}
		for _, r := range rows {
			if l := float64(length(r)); one["Longest"] == nil || l > one["Longest"].(float64) {
				one["Longest"] = l
			}
		}
		return []any{one}
	}}
}

// each gives what a sequence that makes one row gives of each group, in the order of what
// they are grouped by.
func (g *nestgen) each(s sequence) sequence {
	by := []string{"IsEnabled", "EmployeeType", "Locality", "Population/Name"}
	g.r.Shuffle(len(by), func(i, j int) { by[i], by[j] = by[j], by[i] })
	by = by[:1+g.r.IntN(2)]
	return sequence{"groupby((" + strings.Join(by, ",") + ")," + s.text + ")", func(rows []row) (out []any) {
		groups := grouped(rows, by)
		slices.SortFunc(groups, func(a, b []row) int {
			for _, name := range by {
				if d := cmp.Compare(ordinal(a[0][name]), ordinal(b[0][name])); d != 0 {
					return d
				}
			}
			return 0
		})
		for _, group := range groups {
			one := s.give(group)[0].(map[string]any)
			for _, name := range by {
				value := group[0][name]
				if first, second, behind := strings.Cut(name, "/"); behind && value == nil {
					one[first] = nil
				} else if behind {
					one[first] = map[string]any{second: value}
				} else {
					one[name] = value
				}
			}
			out = append(out, one)
		}
		return out
	}}
}

// ordinal sorts as OData does: null stands before every value.
func ordinal(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint("x", v)
}
