//go:build duckdb_arrow

package integration

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// reflection is a connection, and what SQLAlchemy 2 asks there to reflect all
// tables of a schema.
type reflection struct {
	*pgconn.PgConn
	names, statements []string
}

func newReflection(t testing.TB, o testkit.Options) *reflection {
	t.Helper()
	o.Service = func(c *service.Config) { c.System = []*system.Schema{pgcatalog.Schema()} }
	c, err := pgconn.Connect(t.Context(), "postgresql://anna@"+testkit.Start(t, o).ServeWire(t)+"/pingone?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	r := &reflection{PgConn: c}
	list := func(column string) string {
		var out []string
		for _, row := range r.ask(t, "SELECT "+column+" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'Administrators' AND relkind = 'r'") {
			out = append(out, "'"+row+"'")
		}
		return strings.Join(out, ", ")
	}
	placed := strings.NewReplacer("$NAMES", list("relname"), "$OIDS", list("c.oid"))
	raw, err := os.ReadFile("testdata/reflection.sql")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if name, ok := strings.CutPrefix(line, "-- "); ok {
			r.names = append(r.names, strings.TrimSpace(name))
		} else {
			r.statements = append(r.statements, placed.Replace(line))
		}
	}
	return r
}

// ask gives the rows of a statement's answer as texts.
func (r *reflection) ask(t testing.TB, sql string) (out []string) {
	t.Helper()
	results, err := r.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	for _, row := range results[0].Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			if cells[i] = string(v); v == nil {
				cells[i] = "NULL"
			}
		}
		out = append(out, strings.Join(cells, " | "))
	}
	return out
}

// TestReflectionFindsTheSame compares the answers with those for which each
// relation is read whole.
func TestReflectionFindsTheSame(t *testing.T) {
	t.Parallel()
	s, e := testkit.StartSimulator(t, sim.Options{Users: 20}), testkit.OpenEngine(t)
	narrow := newReflection(t, testkit.Options{Simulator: s, Engine: e})
	whole := newReflection(t, testkit.Options{Simulator: s, Engine: e, Plan: plan.Options{NoPushDown: true}, Exec: func(c *exec.Config) { c.MaxDriveRows = -1 }})
	rows := 0
	for i, sql := range narrow.statements {
		for _, sql := range []string{sql, strings.ReplaceAll(sql, "nspname = 'Administrators'", "nspname <> 'pg_catalog' AND pg_table_is_visible(pg_class.oid)")} {
			got, want := narrow.ask(t, sql), whole.ask(t, sql)
			slices.Sort(got)
			slices.Sort(want)
			rows += len(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d rows, want %d\n%s", narrow.names[i], len(got), len(want), sql)
			}
		}
	}
	if rows < 1000 {
		t.Errorf("only %d rows were compared", rows)
	}
}

// BenchmarkReflection takes the time of each statement.
func BenchmarkReflection(b *testing.B) {
	r := newReflection(b, testkit.Options{Sim: sim.Options{Users: 20}})
	for i, sql := range r.statements {
		b.Run(fmt.Sprint(i, " ", r.names[i]), func(b *testing.B) {
			for b.Loop() {
				r.ask(b, sql)
			}
		})
	}
}
