//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// oddities reads the statements, with the values of their parameters behind them.
func oddities(t *testing.T) (all []generated) {
	t.Helper()
	raw, err := os.ReadFile("testdata/odd.sql")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		sql, list, _ := strings.Cut(strings.TrimSpace(line), " -- ")
		q := generated{sql: sql}
		var values []any
		if list != "" {
			if err := json.Unmarshal([]byte(list), &values); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		tokens, err := sqltext.Lex(sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		var edits []sqltext.Edit
		for _, token := range tokens {
			if token.Kind != sqltext.Param {
				continue
			}
			value, literal := oddValue(values[len(edits)])
			q.parameters = append(q.parameters, value)
			edits = append(edits, sqltext.Edit{Start: token.Start, End: token.End, Text: literal})
		}
		q.literal, _ = sqltext.Apply(sql, edits)
		all = append(all, q)
	}
	return all
}

// oddValue is a value of JSON as a parameter, and as SQL.
func oddValue(v any) (testkit.Parameter, string) {
	switch v := v.(type) {
	case float64:
		return testkit.Parameter{Value: predicate.IntValue(int64(v))}, fmt.Sprint(int64(v))
	case bool:
		return testkit.Parameter{Value: predicate.StringValue(fmt.Sprint(v))}, fmt.Sprint(v)
	default:
		return testkit.Parameter{Value: predicate.StringValue(fmt.Sprint(v))}, sqltext.Literal(fmt.Sprint(v))
	}
}

// TestOddStatements compares statements as people write them, but seldom, with a
// database that has the same rows: over HTTP with push-down and without, and over
// the PostgreSQL protocol in both of its formats.
func TestOddStatements(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it compares answers, one statement after the other")
	}
	w := newOracleWorld(t, 60)
	o := w.fill(t)
	whole := *w
	whole.web = testkit.Start(t, testkit.Options{
		Simulator: w.web.Stack.Simulator, Engine: testkit.OpenEngine(t), Plan: plan.Options{NoPushDown: true, PageSize: 1000},
		Exec: func(c *exec.Config) { c.MaxDriveRows = -1 },
	}).Serve(t, testkit.WebOptions{})
	conn := dialWire(t, w.web.Stack)
	rows := 0
	for _, q := range oddities(t) {
		want, problem := o.query(q.literal)
		if problem != "" {
			t.Errorf("%s\nthe oracle: %s", q.sql, problem)
			continue
		}
		rows += len(want)
		sortRows(want)
		for name, world := range map[string]*oracleWorld{"with push-down": w, "without": &whole} {
			got, problem := world.answer(t, q)
			sortRows(got)
			if problem != "" || !slices.EqualFunc(got, want, slices.Equal[[]string]) {
				t.Errorf("%s, %s %s\n%d rows:\n%s\nwant %d:\n%s", q.sql, name, problem, len(got), some(got, want), len(want), some(want, got))
			}
		}
		for _, format := range []int16{inText, inBinary} {
			got, types, err := overWire(t, conn, q, format)
			expected := make([][]string, len(want))
			for i, r := range want {
				for k, v := range r {
					if k < len(types) {
						v = ofArrow(v, types[k])
					}
					expected[i] = append(expected[i], v)
				}
			}
			sortRows(got)
			sortRows(expected)
			if err != nil || !slices.EqualFunc(got, expected, slices.Equal[[]string]) {
				t.Errorf("%s, over the wire, format %d: %v\n%d rows:\n%s\nwant %d:\n%s", q.sql, format, err, len(got), some(got, expected), len(want), some(expected, got))
			}
		}
	}
	if rows < 500 {
		t.Errorf("the statements have %d rows", rows)
	}
}
