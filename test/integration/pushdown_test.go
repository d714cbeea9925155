//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/internal/testkit/seed"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
)

// The property: what is pushed down to the API never changes an answer. Every
// query runs on two stacks over one directory: as usual, and with every table
// read whole and no keys handed from join to join.

const (
	propertyUsers   = 240
	propertyShards  = 4
	propertyQueries = 520 / thinner // a shard
)

// twins are a stack with push-down and one without.
func twins(t *testing.T, users int) (on, off *testkit.Stack) {
	t.Helper()
	s := testkit.StartSimulator(t, sim.Options{Users: users, MaxUsersPage: 1000, NoCompression: true})
	e := testkit.OpenEngine(t)
	on = testkit.Start(t, testkit.Options{Simulator: s, Engine: e})
	off = testkit.Start(t, testkit.Options{
		Simulator: s, Engine: e, Plan: plan.Options{NoPushDown: true, PageSize: 1000},
		Exec: func(c *exec.Config) { c.MaxDriveRows = -1 },
	})
	return on, off
}

// survey reads what the generator draws values from.
func survey(t *testing.T, s *testkit.Stack) *directory {
	t.Helper()
	d := &directory{
		schemas: []string{"", "", "Administrators", "[CData].[Administrators]", "Customers", "Customers", `"Partner Portal Zürich"`, `"` + s.EnvironmentID(sim.EnvironmentCustomers) + `"`},
		tables:  map[string]*catalog.Table{}, values: map[string][]string{},
	}
	for _, name := range []string{"Administrators", "Information"} {
		schema, err := s.Directory.Schema(testkit.Context(t), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range schema.Tables {
			d.tables[table.Name] = table
		}
	}
	for _, schema := range append(d.schemas, "Information") {
		for name := range hot {
			if (name == "Environments") == (schema == "Information") {
				d.sample(t, s, use{schema: schema, table: d.tables[name], alias: "t"})
			}
		}
	}
	return d
}

// sample keeps some values of each column.
func (d *directory) sample(t *testing.T, s *testkit.Stack, u use) {
	t.Helper()
	var columns []string
	for i := range u.table.Columns {
		if c := &u.table.Columns[i]; !c.Custom || u.schema == "" {
			columns = append(columns, quoted(c.Name))
		}
	}
	rows := s.Query(t, "SELECT "+strings.Join(columns, ", ")+" FROM "+u.from())
	for i, name := range columns {
		key := u.schema + "|" + u.table.Name + "|" + strings.Trim(name, `"`)
		for _, r := range rows {
			if r[i] != "NULL" && len(d.values[key]) < 120 {
				d.values[key] = append(d.values[key], r[i])
			}
		}
	}
}

func TestPushDownNeverChangesAnAnswer(t *testing.T) {
	t.Parallel()
	start := seed.Of(t)
	on, off := twins(t, propertyUsers)
	d := survey(t, on)
	for shard := range uint64(propertyShards) {
		t.Run(fmt.Sprint("shard ", shard), func(t *testing.T) {
			t.Parallel()
			g := &sqlgen{r: rand.New(rand.NewPCG(start, shard)), d: d}
			stats := map[string]int{}
			for n := range propertyQueries {
				q := g.query()
				if !sameAnswer(t, on, off, q, stats) {
					t.Errorf("query %d of shard %d, PROPERTY_SEED=%d", n, shard, start)
				}
			}
			t.Logf("%v", stats)
			if stats["empty"] > propertyQueries*6/10 || stats["failed"] > propertyQueries/10 {
				t.Errorf("the queries say too little: %v", stats)
			}
		})
	}
}

// sameAnswer runs a query on both stacks and reports what differs.
func sameAnswer(t *testing.T, on, off *testkit.Stack, q generated, stats map[string]int) bool {
	t.Helper()
	got, gotErr := on.TryQuery(testkit.Context(t), q.sql, q.parameters...)
	want, wantErr := off.TryQuery(testkit.Context(t), q.sql, q.parameters...)
	if gotErr != nil || wantErr != nil {
		stats["failed"]++
		if gotErr == nil || wantErr == nil || gwerr.From(gotErr).Code != gwerr.From(wantErr).Code || gwerr.From(gotErr).Code == gwerr.Internal {
			t.Errorf("%s\n%s\nwith push-down: %v\nwithout: %v", q.sql, texts(q.parameters), gotErr, wantErr)
			return false
		}
		if testing.Verbose() && stats["failed"] < 4 {
			t.Logf("%s\n%v", q.sql, gotErr)
		}
		return true
	}
	stats["rows"] += len(want)
	if len(want) == 0 {
		stats["empty"]++
	}
	if !q.ordered {
		sortRows(got)
		sortRows(want)
	}
	if slices.EqualFunc(got, want, slices.Equal[[]string]) {
		return true
	}
	t.Errorf("%s\n%s\nwith push-down %d rows:\n%s\nwithout %d rows:\n%s\nplan with push-down:\n%s\nplan without:\n%s",
		q.sql, texts(q.parameters), len(got), some(got, want), len(want), some(want, got), explained(t, on, q), explained(t, off, q))
	return false
}

func sortRows(rows [][]string) { slices.SortFunc(rows, slices.Compare[[]string]) }

// some shows the rows that the other list lacks.
func some(rows, other [][]string) string {
	seen := map[string]int{}
	for _, r := range other {
		seen[strings.Join(r, "\x00")]++
	}
	var out []string
	for i, r := range rows {
		if key := strings.Join(r, "\x00"); seen[key] > 0 {
			seen[key]--
			continue
		}
		if out = append(out, fmt.Sprintf("  %d: %q", i, r)); len(out) == 10 {
			return strings.Join(append(out, "  …"), "\n")
		}
	}
	return strings.Join(out, "\n")
}

func texts(parameters []testkit.Parameter) string {
	out := make([]string, len(parameters))
	for i, p := range parameters {
		out[i] = inSQL(p)
	}
	return fmt.Sprintf("parameters %q", out)
}

func explained(t *testing.T, s *testkit.Stack, q generated) string {
	t.Helper()
	e, err := s.Explain(testkit.Context(t), q.sql, q.parameters...)
	if err != nil {
		return err.Error()
	}
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
