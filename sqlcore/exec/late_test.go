package exec_test

import (
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// withOrders is SELECT Id, (its orders), (one of them) FROM Customers.
func withOrders(where predicate.Expr, limit int64) *query.Query {
	late := query.Late{KeyType: catalog.String, Table: tab("Orders"), Key: "CustomerId", Column: "Id"}
	list, one := late, late
	list.At, list.List, one.At = 1, true, 2
	return &query.Query{
		Accesses: []query.Access{{Table: tab("Customers"), Columns: []int{0, 1}, Where: where, WhereComplete: true}},
		Columns:  []query.Column{{Name: "Id"}, {Name: "Orders", Type: catalog.StringList}, {Name: "First"}},
		Plain:    &query.Plain{Project: []int{0, 0, 0}, Limit: limit}, Late: []query.Late{list, one},
	}
}

func TestLateColumnsAreReadForTheResultAlone(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		where predicate.Expr
		limit int64
		want  string
		keys  string // of the readings, one for each batch
	}{
		{"all", nil, 0, `c1,["o1","o2"],o1 c2,["o7"],o7 c3,["o3"],o3 c4,["o4"],o4 c5,["o5","o6"],o5`, "c1 c2|c3 c4|c5"},
		{"after the condition", nameIs("Ada"), 0, `c1,["o1","o2"],o1 c3,["o3"],o3`, "c1|c3"},
		{"after the limit", nil, 1, `c1,["o1","o2"],o1`, "c1"},
		{"nothing", nameIs("Eve"), 0, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := &source{}
			rows, err := exec.New(exec.Config{Source: src, Engine: &engine{}}).Query(t.Context(), withOrders(c.where, c.limit), exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := drain(t.Context(), rows)
			rows.Close()
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %v, %v; want %s", got, err, c.want)
			}
			var keys []string
			for _, r := range src.requests[1:] {
				var one []string
				for _, k := range r.Keys {
					one = append(one, k[0])
				}
				keys = append(keys, strings.Join(one, " "))
			}
			if strings.Join(keys, "|") != c.keys || src.open != 0 {
				t.Errorf("read for %v, %d scans left open", keys, src.open)
			}
			if f := rows.Schema().Field(1); f.Type.ID() != catalog.StringList.Arrow().ID() {
				t.Errorf("type %s", f.Type)
			}
		})
	}
}

// The bound on calls is the query's, however many batches its result has.
func TestLateColumnsKeepTheBoundOnCalls(t *testing.T) {
	t.Parallel()
	for most, rows := range map[int64]int{5: 5, 4: 4, 3: 2} {
		x := exec.New(exec.Config{Source: &source{}, Engine: &engine{}, Plan: plan.Options{MaxFanout: most}})
		r, err := x.Query(t.Context(), withOrders(nil, 5), exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := drain(t.Context(), r)
		r.Close()
		if refused := gwerr.Is(err, gwerr.FanoutExceeded); len(got) != rows || refused != (rows < 5) {
			t.Errorf("at most %d calls: %v, %v", most, got, err)
		}
	}
}
