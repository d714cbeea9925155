//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/internal/testkit/seed"
)

const applyRequests = 150 / thinner

// row is an entity or a row of an answer, by the paths of its properties. What it
// lacks isn't there.
type row map[string]any

// set is a collection of rows, and how the request makes it.
type set struct {
	text string
	rows []row
	// grouped says that the rows are no entities.
	grouped bool
}

// applygen makes $apply at random, together with what it gives: each
// transformation is carried out over the rows of the plain feed.
type applygen struct {
	r     *rand.Rand
	alias int
}

// TestApplyAnswersAsSpecified compares random transformations with what plain loops
// over the plain feed give, with push-down and without.
func TestApplyAnswersAsSpecified(t *testing.T) {
	t.Parallel()
	start := seed.Of(t)
	on, off := twins(t, propertyUsers)
	with, without := on.Serve(t, testkit.WebOptions{}), off.Serve(t, testkit.WebOptions{})
	users := plainUsers(t, without)
	g := &applygen{r: rand.New(rand.NewPCG(start, 7))}
	several := 0
	for n := range applyRequests {
		s := set{rows: users}
		for range 1 + g.r.IntN(3) {
			g.step(&s, 1)
		}
		want := canonical(s.rows)
		if len(want) > 1 {
			several++
		}
		for name, web := range map[string]*testkit.Web{"with push-down": with, "without": without} {
			path := odataRoot + "Users?$apply=" + url.QueryEscape(s.text)
			if !s.grouped {
				path += "&$select=Id"
				want = canonical(only(s.rows, "Id"))
			}
			a := get(t, web, path)
			if a.status != http.StatusOK || a.err != nil {
				t.Errorf("request %d, PROPERTY_SEED=%d, %s: %d %v\n%s\n%.300s", n, start, name, a.status, a.err, s.text, a.body)
				continue
			}
			if got := canonical(flatRows(t, a.body)); !slices.Equal(got, want) {
				t.Errorf("request %d, PROPERTY_SEED=%d, %s: %s\ngot  %d: %.600s\nwant %d: %.600s", n, start, name, s.text, len(got), got, len(want), want)
			}
		}
	}
	if several < applyRequests/3 {
		t.Errorf("only %d answers have several rows", several)
	}
}

// plainUsers are all users with what their populations are called.
func plainUsers(t *testing.T, w *testkit.Web) []row {
	t.Helper()
	populations := map[any]any{}
	for _, p := range flatRows(t, mustGet(t, w, odataRoot+"Populations?$select=Id,Name", http.StatusOK)) {
		populations[p["Id"]] = p["Name"]
	}
	users := flatRows(t, mustGet(t, w, odataRoot+"Users?$select=Id,Username,EmployeeType,Locality,IsEnabled,PopulationId,CreatedAt,skills", http.StatusOK))
	if len(users) != propertyUsers {
		t.Fatalf("%d users", len(users))
	}
	for _, u := range users {
		u["Population/Name"] = populations[u["PopulationId"]]
	}
	return users
}

// flatRows reads an answer; {"A":{"B":1}} is A/B.
func flatRows(t *testing.T, body []byte) []row {
	t.Helper()
	var feed struct{ Value []map[string]any }
	if err := json.Unmarshal(body, &feed); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	out := make([]row, 0, len(feed.Value))
	for _, v := range feed.Value {
		r := row{}
		for name, value := range v {
			inner, structured := value.(map[string]any)
			switch {
			case strings.Contains(name, "@"):
			case structured:
				for k, x := range inner {
					if !strings.Contains(k, "@") {
						r[name+"/"+k] = x
					}
				}
			case name == "Population":
				r["Population/Name"] = nil
			default:
				r[name] = value
			}
		}
		out = append(out, r)
	}
	return out
}

func canonical(rows []row) []string {
	var out []string
	for _, r := range rows {
		var parts []string
		for name, v := range r {
			if f, ok := v.(float64); ok {
				v = fmt.Sprintf("%.9g", f)
			}
			parts = append(parts, fmt.Sprintf("%s=%v", name, v))
		}
		slices.Sort(parts)
		out = append(out, strings.Join(parts, " "))
	}
	slices.Sort(out)
	return out
}

func only(rows []row, names ...string) []row {
	var out []row
	for _, r := range rows {
		o := row{}
		for _, n := range names {
			if v, ok := r[n]; ok {
				o[n] = v
			}
		}
		out = append(out, o)
	}
	return out
}

// step adds a transformation that the rows admit.
func (g *applygen) step(s *set, depth int) {
	if s.text != "" {
		s.text += "/"
	}
	if s.grouped {
		g.groupedStep(s)
		return
	}
	switch n := g.r.IntN(10); {
	case n < 2:
		g.filter(s)
	case n == 2:
		g.leading(s)
	case n == 3:
		s.text += "identity"
	case n == 4 && depth > 0:
		g.concat(s, depth)
	case n == 5 && depth > 0:
		g.groupEach(s)
	default:
		g.group(s, g.r.IntN(5) == 0)
	}
}

// groupedStep works on rows that have a number.
func (g *applygen) groupedStep(s *set) {
	number := ""
	for _, r := range s.rows {
		for name, v := range r {
			if _, ok := v.(float64); ok && (number == "" || name < number) {
				number = name
			}
		}
	}
	if number == "" || g.r.IntN(3) == 0 {
		s.text += "identity"
		return
	}
	if g.r.IntN(2) == 0 {
		most := float64(g.r.IntN(60))
		s.text += fmt.Sprintf("filter(%s le %g)", number, most)
		s.keep(func(r row) bool { f, ok := r[number].(float64); return ok && f <= most })
		return
	}
	g.alias++
	name := fmt.Sprintf("T%d", g.alias)
	s.text += fmt.Sprintf("aggregate(%s with sum as %s,$count as %sN)", number, name, name)
	s.rows = []row{{name: sum(s.rows, number), name + "N": float64(len(s.rows))}}
}

func (s *set) keep(test func(row) bool) {
	var out []row
	for _, r := range s.rows {
		if test(r) {
			out = append(out, r)
		}
	}
	s.rows = out
}

func text(r row, name string) string { v, _ := r[name].(string); return v }

func (g *applygen) filter(s *set) {
	first := pick(g.r, "a", "b", "m", "ü", "'")
	population := text(s.sample(g.r), "Population/Name")
	kind := text(s.sample(g.r), "EmployeeType")
	quoted := strings.ReplaceAll
	filters := []struct {
		text string
		test func(row) bool
	}{
		{"IsEnabled", func(r row) bool { return r["IsEnabled"] == true }},
		{"startswith(Username,'" + quoted(first, "'", "''") + "')", func(r row) bool { return strings.HasPrefix(text(r, "Username"), first) }},
		{"Population/Name eq '" + quoted(population, "'", "''") + "'", func(r row) bool { return r["Population/Name"] == population }},
		{"not (Population/Name eq '" + quoted(population, "'", "''") + "')", func(r row) bool { return r["Population/Name"] != population }},
		{"EmployeeType ne '" + quoted(kind, "'", "''") + "'", func(r row) bool { return r["EmployeeType"] != kind }},
		{"EmployeeType eq null or length(Username) gt 12", func(r row) bool { return r["EmployeeType"] == nil || length(r) > 12 }},
		{"skills/$count gt 0", func(r row) bool { return skills(r) > 0 }},
	}
	f := pick(g.r, filters...)
	s.text += "filter(" + f.text + ")"
	s.keep(f.test)
}

func (s *set) sample(r *rand.Rand) row {
	if len(s.rows) == 0 {
		return row{}
	}
	return s.rows[r.IntN(len(s.rows))]
}

func length(r row) int { return utf8.RuneCountInString(text(r, "Username")) }

func skills(r row) int { list, _ := r["skills"].([]any); return len(list) }

// leading keeps some of the rows with the longest or shortest names.
func (g *applygen) leading(s *set) {
	n, top := 1+g.r.IntN(20), g.r.IntN(2) == 0
	kind := pick(g.r, "count", "sum", "percent")
	s.text += fmt.Sprintf("%s%s(%d,length(Username))", map[bool]string{true: "top", false: "bottom"}[top], kind, n)
	s.rows = leading(s.rows, kind, n, top)
}

func leading(rows []row, kind string, n int, top bool) []row {
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b row) int {
		if d := length(a) - length(b); d != 0 {
			if top {
				return -d
			}
			return d
		}
		return strings.Compare(text(a, "Id"), text(b, "Id"))
	})
	total := 0
	for _, r := range sorted {
		total += length(r)
	}
	var out []row
	so := 0
	for i, r := range sorted {
		switch {
		case kind == "count" && i >= n, kind == "sum" && so >= n, kind == "percent" && so*100 >= total*n:
			return out
		}
		so += length(r)
		out = append(out, r)
	}
	return out
}

// concat puts two sets one after the other.
func (g *applygen) concat(s *set, depth int) {
	a, b := set{rows: s.rows}, set{rows: s.rows}
	g.group(&a, false)
	g.step(&b, depth-1)
	for !b.grouped {
		g.step(&b, depth-1)
	}
	s.text += "concat(" + a.text + "," + b.text + ")"
	s.rows, s.grouped = append(slices.Clone(a.rows), b.rows...), true
}

// groupEach keeps some rows of each group.
func (g *applygen) groupEach(s *set) {
	by := g.properties()
	n, top := 1+g.r.IntN(3), g.r.IntN(2) == 0
	s.text += fmt.Sprintf("groupby((%s),%s(%d,length(Username)))", strings.Join(by, ","), map[bool]string{true: "topcount", false: "bottomcount"}[top], n)
	var out []row
	for _, group := range grouped(s.rows, by) {
		out = append(out, leading(group, "count", n, top)...)
	}
	s.rows = out
}

func (g *applygen) properties() []string {
	all := []string{"IsEnabled", "PopulationId", "EmployeeType", "Locality", "Population/Name"}
	g.r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+g.r.IntN(2)]
}

func grouped(rows []row, by []string) [][]row {
	at := map[string]int{}
	var out [][]row
	for _, r := range rows {
		key := fmt.Sprint(only([]row{r}, by...))
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out
}

// group aggregates: all rows, groups, or the levels of a hierarchy.
func (g *applygen) group(s *set, rollup bool) {
	by := g.properties()
	if g.r.IntN(5) == 0 && !rollup {
		by = nil
	}
	aggregates, texts := g.aggregates()
	rows, levels := s.rows, [][]string{by}
	names := strings.Join(by, ",")
	if rollup {
		names, levels = "rollup($all,"+names+")", nil
		for i := range len(by) + 1 {
			levels = append(levels, by[:i])
		}
	}
	s.rows, s.grouped = nil, true
	for _, level := range levels {
		groups := grouped(rows, level)
		if len(level) == 0 {
			groups = [][]row{rows}
		}
		for _, group := range groups {
			out := row{}
			for _, name := range level {
				out[name] = group[0][name]
			}
			for name, f := range aggregates {
				out[name] = f(group)
			}
			s.rows = append(s.rows, out)
		}
	}
	aggregate := "aggregate(" + strings.Join(texts, ",") + ")"
	if len(by) == 0 {
		s.text += aggregate
	} else {
		s.text += "groupby((" + names + ")," + aggregate + ")"
	}
}

// aggregates are one to three, by their names, and their texts.
func (g *applygen) aggregates() (map[string]func([]row) any, []string) {
	out, texts := map[string]func([]row) any{}, []string{}
	for range 1 + g.r.IntN(3) {
		g.alias++
		name := fmt.Sprintf("A%d", g.alias)
		lengths := func(rows []row) (all []float64) {
			for _, r := range rows {
				all = append(all, float64(length(r)))
			}
			return all
		}
		var f func([]row) any
		var what string
		switch g.r.IntN(7) {
		case 0, 1:
			what, f = "$count", func(rows []row) any { return float64(len(rows)) }
		case 2:
			what, f = "length(Username) with sum", func(rows []row) any {
				if len(rows) == 0 {
					return nil
				}
				return total(lengths(rows))
			}
		case 3:
			what, f = "length(Username) with average", func(rows []row) any {
				if len(rows) == 0 {
					return nil
				}
				return total(lengths(rows)) / float64(len(rows))
			}
		case 4:
			what, f = "Population/Name with countdistinct", func(rows []row) any { return distinctValues(rows, "Population/Name") }
		case 5:
			what, f = "EmployeeType with countdistinct", func(rows []row) any { return distinctValues(rows, "EmployeeType") }
		default:
			what, f = "CreatedAt with max", func(rows []row) any {
				var most any
				for _, r := range rows {
					if most == nil || text(r, "CreatedAt") > most.(string) {
						most = r["CreatedAt"]
					}
				}
				return most
			}
		}
		out[name] = f
		texts = append(texts, what+" as "+name)
	}
	return out, texts
}

func total(values []float64) float64 {
	var all float64
	for _, v := range values {
		all += v
	}
	return all
}

// sum is that of the rows that have the property, nil if none has.
func sum(rows []row, name string) any {
	all, found := 0.0, false
	for _, r := range rows {
		if f, ok := r[name].(float64); ok {
			all, found = all+f, true
		}
	}
	if !found {
		return nil
	}
	return math.Round(all*1e9) / 1e9
}

func distinctValues(rows []row, name string) any {
	seen := map[any]bool{}
	for _, r := range rows {
		if r[name] != nil {
			seen[r[name]] = true
		}
	}
	return float64(len(seen))
}
