package exec_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// picky is a source that keeps exactly what its filters say, and refuses those
// that test an attribute of refuses, or are longer than most.
type picky struct {
	source
	refuses   map[string]string // attribute and operator → what the answer names
	most      int
	afterRows bool
	mu        sync.Mutex
	sent      []string
	counted   int
}

func (p *picky) refusal(r scan.Request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := strings.Join(r.Filters, " | ")
	p.sent = append(p.sent, text)
	why := &scan.Refused{Err: gwerr.New(gwerr.UpstreamRejected, "Refused.", "")}
	for _, f := range r.Filters {
		if p.most > 0 && len(f) > p.most {
			why.TooLong = true
			return gwerr.Wrap(gwerr.UpstreamRejected, why, "Too long.", "")
		}
	}
	for what, named := range p.refuses {
		if strings.Contains(text, what+" ") {
			why.Attribute, why.Operator, _ = strings.Cut(named, " ")
			return gwerr.Wrap(gwerr.UpstreamRejected, why, "Refused.", "")
		}
	}
	return nil
}

func (p *picky) Scan(ctx context.Context, r scan.Request) (scan.Batches, error) {
	b, err := p.source.Scan(ctx, r)
	if err != nil {
		return nil, err
	}
	st := b.(*stream)
	if refused := p.refusal(r); refused != nil {
		if !p.afterRows {
			st.rows = nil
		}
		return &failing{Batches: st, err: refused, after: len(st.rows)}, nil
	}
	if len(r.Filters) > 0 {
		all := st.rows
		st.rows = nil
		for _, row := range all {
			for _, f := range r.Filters {
				if passes(f, row) {
					st.rows = append(st.rows, row)
					break
				}
			}
		}
	}
	return st, nil
}

// passes evaluates conjunctions of tests on the attributes name and city, and
// lists joined by or.
func passes(filter string, row []string) bool {
	for _, part := range strings.Split(filter, " and ") {
		any := false
		for _, test := range strings.Split(strings.Trim(part, "()"), " or ") {
			word := strings.SplitN(test, " ", 3)
			value, has := strings.Trim(word[2], `"`), map[string]string{"name": row[1], "city": row[2]}[word[0]]
			any = any || word[1] == "eq" && has == value || word[1] == "sw" && strings.HasPrefix(has, value)
		}
		if !any {
			return false
		}
	}
	return true
}

func (p *picky) Count(_ context.Context, r scan.Request) (int64, bool, error) {
	if err := p.refusal(r); err != nil {
		return 0, false, err
	}
	p.counted++
	n := int64(0)
	for _, row := range data[r.Table.Name] {
		if len(r.Filters) == 0 || passes(r.Filters[0], row) {
			n++
		}
	}
	return n, true, nil
}

// failing ends in an error instead of an end, after a number of rows.
type failing struct {
	scan.Batches
	err   error
	after int
}

func (f *failing) Next(ctx context.Context) (scan.Batch, error) {
	b, err := f.Batches.Next(ctx)
	if err != nil {
		return b, f.err
	}
	return b, nil
}

// pickyShop is the shop with filters on names, which keep more than asked, and
// on cities, which keep exactly what is asked.
func pickyShop() *catalog.Table {
	s := &catalog.Schema{Name: "Shop", ID: "shop"}
	t := *tab("Customers")
	t.Schema = s
	t.Paths = []catalog.Path{{Name: "list", List: "customers", Page: 2, CountExact: true, And: true, Or: true, Filters: map[string]catalog.Filter{
		"Name": {Attribute: "name", Operators: []predicate.Operator{predicate.OpEq, predicate.OpSw}},
		"City": {Attribute: "city", Operators: []predicate.Operator{predicate.OpEq}, Exact: true},
	}}}
	s.Tables = []*catalog.Table{&t}
	return &t
}

func cityIs(v string) predicate.Expr {
	return predicate.Cmp{Column: "City", Op: predicate.Eq, Value: predicate.StringValue(v)}
}

// events keeps what was observed.
type events struct {
	mu  sync.Mutex
	got []observe.FilterRefused
}

func (e *events) Observe(_ context.Context, ev observe.Event) {
	if r, ok := ev.(observe.FilterRefused); ok {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.got = append(e.got, r)
	}
}

func TestRefusedConditionsAreEvaluatedHere(t *testing.T) {
	t.Parallel()
	both := predicate.AllOf(nameIs("Ada"), cityIs("Bern"))
	long := nameIs(strings.Repeat("Ada", 2000))
	names := make([]predicate.Value, 40)
	for i := range names {
		names[i] = predicate.StringValue(strings.Repeat("x", 20) + string(rune('A'+i)))
	}
	names[7] = predicate.StringValue("Ada")
	cases := []struct {
		name  string
		where predicate.Expr
		limit int64
		src   *picky
		want  string
		sent  string // the filters that were tried, in order
		event observe.FilterRefused
	}{
		{"nothing is refused", both, 0, &picky{}, "c1,Ada", `city eq "Bern" and name eq "Ada"`, observe.FilterRefused{}},
		{
			"the named test is dropped, the other stays", both, 0, &picky{refuses: map[string]string{"name eq": "name eq"}}, "c1,Ada",
			`city eq "Bern" and name eq "Ada"; city eq "Bern" and name sw "Ada"`,
			observe.FilterRefused{Table: "Customers", Attribute: "name", Operator: "eq"},
		},
		{
			"a named attribute is dropped whole", both, 0, &picky{refuses: map[string]string{"name eq": "Name"}}, "c1,Ada",
			`city eq "Bern" and name eq "Ada"; city eq "Bern" and name sw "Ada"`,
			observe.FilterRefused{Table: "Customers", Attribute: "Name"},
		},
		{
			"an exact test gets its residual and its limit back", cityIs("Bern"), 2, &picky{refuses: map[string]string{"city eq": "city eq"}}, "c1,Ada c4,Cid",
			`city eq "Bern"; `,
			observe.FilterRefused{Table: "Customers", Attribute: "city", Operator: "eq"},
		},
		{
			"what can't be told is dropped altogether", both, 0, &picky{refuses: map[string]string{"city eq": ""}}, "c1,Ada",
			`city eq "Bern" and name eq "Ada"; name sw "Ada"`,
			observe.FilterRefused{Table: "Customers"},
		},
		{"a term that is too long is never sent", predicate.AllOf(long, cityIs("Bern")), 0, &picky{}, "", `city eq "Bern"`, observe.FilterRefused{}},
		{
			"filters are cut shorter where the service wants them so", predicate.In{Column: "Name", Values: names}, 0, &picky{most: 1000}, "c1,Ada c3,Ada", "", observe.FilterRefused{Table: "Customers", TooLong: true},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src, seen := c.src, &events{}
			x := exec.New(exec.Config{Source: src, Engine: &engine{}, Sink: seen})
			q := pickyQuery(c.where, c.limit)
			got := answer(t, x, q)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if sent := strings.Join(src.sent, "; "); c.sent != "" && sent != c.sent {
				t.Errorf("tried %s\nwant  %s", sent, c.sent)
			}
			if want := c.event; want == (observe.FilterRefused{}) && len(seen.got) > 0 || want != (observe.FilterRefused{}) && (len(seen.got) == 0 || seen.got[0] != want) {
				t.Errorf("events %+v", seen.got)
			}
			if src.open != 0 {
				t.Errorf("%d scans left open", src.open)
			}
			refused := len(src.sent)
			if again := answer(t, x, q); again != c.want || len(src.sent) != refused+1 {
				t.Errorf("the second query: %s after %d requests", again, len(src.sent)-refused)
			}
		})
	}
}

func pickyQuery(where predicate.Expr, limit int64) *query.Query {
	return &query.Query{
		Accesses: []query.Access{{Table: pickyShop(), Columns: []int{0, 1}, Where: where, WhereComplete: true}},
		Columns:  []query.Column{{Name: "Id"}, {Name: "Name"}}, Plain: &query.Plain{Project: []int{0, 1}, Limit: limit},
	}
}

func answer(t *testing.T, x *exec.Executor, q *query.Query) string {
	t.Helper()
	rows, err := x.Query(t.Context(), q, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got, err := drain(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(got, " ")
}

func TestRefusalsAreTriedAgainAfterAnHour(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	src := &picky{refuses: map[string]string{"city eq": "city eq"}}
	x := exec.New(exec.Config{Source: src, Engine: &engine{}, Now: func() time.Time { return now }})
	q := pickyQuery(cityIs("Bern"), 0)
	for _, step := range []struct {
		wait     time.Duration
		requests int
	}{{0, 2}, {59 * time.Minute, 1}, {2 * time.Minute, 2}} {
		now = now.Add(step.wait)
		src.sent = nil
		if got := answer(t, x, q); got != "c1,Ada c4,Cid" || len(src.sent) != step.requests {
			t.Errorf("after %s: %s with %d requests", step.wait, got, len(src.sent))
		}
	}
	e, err := x.Explain(t.Context(), q)
	if err != nil || len(e.Notes) != 1 || !strings.Contains(e.Notes[0], "refused a filter on City") || e.Scans[0].Pushed != "" || e.Scans[0].Residual == "" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestRefusedCountsReadRows(t *testing.T) {
	t.Parallel()
	src := &picky{refuses: map[string]string{"city eq": "city eq"}}
	n, err := exec.New(exec.Config{Source: src, Engine: &engine{}}).Count(t.Context(), pickyQuery(cityIs("Bern"), 0))
	if err != nil || n != 2 || src.counted != 0 {
		t.Errorf("%d rows, %d counts, %v", n, src.counted, err)
	}
}

func TestARefusalAfterTheFirstRowsIsAnError(t *testing.T) {
	t.Parallel()
	src := &picky{refuses: map[string]string{"city eq": "city eq"}, afterRows: true}
	x := exec.New(exec.Config{Source: src, Engine: &engine{}})
	q := pickyQuery(cityIs("Bern"), 0)
	rows, err := x.Query(t.Context(), q, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var refused *scan.Refused
	if got, err := drain(t.Context(), rows); !errors.As(err, &refused) || len(got) == 0 {
		t.Errorf("%v, %v", got, err)
	}
	if got := answer(t, x, q); got != "c1,Ada c4,Cid" {
		t.Errorf("the next query: %s", got)
	}
}

func TestWhatNoPlanCanAvoidIsAnError(t *testing.T) {
	t.Parallel()
	always := &alwaysRefused{source: &source{}}
	rows, err := exec.New(exec.Config{Source: always, Engine: &engine{}}).Query(t.Context(), pickyQuery(cityIs("Bern"), 0), exec.Options{})
	if err == nil {
		defer rows.Close()
		_, err = drain(t.Context(), rows)
	}
	if !gwerr.Is(err, gwerr.UpstreamRejected) || always.scans != 2 {
		t.Errorf("%v after %d scans", err, always.scans)
	}
}

// alwaysRefused refuses whatever is asked.
type alwaysRefused struct {
	*source
	scans int
}

func (a *alwaysRefused) Scan(context.Context, scan.Request) (scan.Batches, error) {
	a.scans++
	return nil, gwerr.Wrap(gwerr.UpstreamRejected, &scan.Refused{Err: errors.New("no")}, "Refused.", "")
}

// A place to continue at may stem from a reading without the condition, on
// another replica: the condition is applied again, although the source would.
func TestResumedReadingsCheckExactConditions(t *testing.T) {
	t.Parallel()
	src := &source{}
	rows, err := exec.New(exec.Config{Source: src, Engine: &engine{}}).Query(t.Context(), pickyQuery(cityIs("Bern"), 0), exec.Options{Resume: "2"})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if got, err := drain(t.Context(), rows); err != nil || strings.Join(got, " ") != "c4,Cid" {
		t.Errorf("%v, %v", got, err)
	}
}
