package exec_test

import (
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// club has members whose number stands in another table's rows as well.
func club() (people *catalog.Table) {
	s := &catalog.Schema{Name: "Club", ID: "club"}
	s.Tables = []*catalog.Table{
		{
			Name: "People", Schema: s, Size: &catalog.Size{Table: "Teams", Column: "Members"},
			Columns: []catalog.Column{{Name: "Id", Type: catalog.String, Key: true}, {Name: "TeamId", Type: catalog.String}},
			Paths: []catalog.Path{{
				Name: "list", List: "people", Page: 10, CountExact: true, Partition: &catalog.Partition{Column: "TeamId", Table: "Teams", Key: "Id"},
				Filters: map[string]catalog.Filter{"TeamId": {Attribute: "team"}},
			}},
		},
		{
			Name: "Teams", Schema: s,
			Columns: []catalog.Column{{Name: "Id", Type: catalog.String, Key: true}, {Name: "Members", Type: catalog.Int64}},
			Paths:   []catalog.Path{{Name: "by_id", Get: "teams/{Id}", Keys: []string{"Id"}}, {Name: "list", List: "teams"}},
		},
	}
	return s.Tables[0]
}

// clubSource says in its teams' rows that there are members; it counts people.
type clubSource struct {
	source
	members []int64 // negative for null
	err     error
	people  int64
	scans   []string
}

func (c *clubSource) Scan(_ context.Context, r scan.Request) (scan.Batches, error) {
	c.scans = append(c.scans, r.Table.Name+" "+r.Path.Name)
	b := array.NewRecordBuilder(memory.DefaultAllocator, r.Table.ArrowSchema(r.Columns))
	defer b.Release()
	if r.Table.Name != "Teams" {
		return scan.Of(scan.Batch{Record: b.NewRecordBatch()}), nil
	}
	for _, n := range c.members {
		if n < 0 {
			b.Field(0).AppendNull()
		} else {
			b.Field(0).(*array.Int64Builder).Append(n)
		}
	}
	return scan.Of(scan.Batch{Record: b.NewRecordBatch()}), c.err
}

func (c *clubSource) Count(context.Context, scan.Request) (int64, bool, error) {
	c.counts++
	return c.people, true, nil
}

func TestSizesOfOtherTablesServePlanningAlone(t *testing.T) {
	t.Parallel()
	people := club()
	all := &query.Query{
		Accesses: []query.Access{{Table: people, Columns: []int{0}, WhereComplete: true}},
		Columns:  []query.Column{{Name: "Id"}}, Plain: &query.Plain{Project: []int{0}},
	}
	cases := []struct {
		name    string
		members []int64
		err     error
		rows    int64 // guessed: 1,000 where nothing is known
	}{
		{"the sum of a column", []int64{2000, 40, 0, 960}, nil, 3000},
		{"small", []int64{7}, nil, 7},
		{"a number is missing", []int64{7, -1}, nil, 1000},
		{"may not be read", nil, gwerr.New(gwerr.UpstreamForbidden, "No.", ""), 1000},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := &clubSource{members: c.members, err: c.err, people: 5}
			x := exec.New(exec.Config{Source: src, Engine: &engine{}})
			for range 2 {
				e, err := x.Explain(t.Context(), all)
				if err != nil || e.Scans[0].EstimatedRows != c.rows || e.Scans[0].CountFrom != "" {
					t.Errorf("%+v, %v", e, err)
				}
			}
			if got := strings.Join(src.scans, ", "); got != "Teams list" {
				t.Errorf("the size was read by %s", got)
			}
			if n, err := x.Count(t.Context(), all); err != nil || n != 5 || src.counts != 1 {
				t.Errorf("%d people after %d counts, %v", n, src.counts, err)
			}
			e, err := x.Explain(t.Context(), &query.Query{
				Counts: true, Accesses: []query.Access{{Table: people, Columns: []int{}, WhereComplete: true}}, Columns: []query.Column{{Name: "count"}},
			})
			if err != nil || !e.Scans[0].Count || !strings.Contains(e.Scans[0].CountFrom, "the count that the API gives") || e.Scans[0].EstimatedCalls != 1 {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}
}
