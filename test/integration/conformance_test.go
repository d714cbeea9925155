//go:build duckdb_arrow

// Package integration tests the gateway's core over the simulator: real HTTP,
// the real engine, and everything between.
package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// conformance holds every declaration against the simulator: each table by
// each path, key and filter, whole, cut, counted, by SQL and OData, with
// push-down and without. What is right comes from readings of its own (truth).
type conformance struct {
	*oracleWorld
	oracle *oracle
	off    *testkit.Stack
}

// test is a condition on one column.
type test struct {
	column *catalog.Column
	op     predicate.Operator
	value  any
}

// probe is a condition that a path should answer, and what of it must be seen
// in a call.
type probe struct {
	name  string
	tests []test
	path  *regexp.Regexp
	sent  string
}

// shortSample is the share of requests and declarations that the short form tries, as it
// runs under the race detector: one of so many. What differs between them is data, not
// what goroutines do.
const shortSample = 12

// leftOut tells whether the short form leaves out the one of that number.
func leftOut(n int) bool { return testing.Short() && n%shortSample != 0 }

func TestDeclarationsConform(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it compares answers, one statement after the other")
	}
	w := newOracleWorld(t, 120)
	c := &conformance{oracleWorld: w, oracle: w.fill(t)}
	c.off = testkit.Start(t, testkit.Options{
		Simulator: w.web.Simulator, Engine: w.web.Engine, Plan: plan.Options{NoPushDown: true, PageSize: 1000},
		Exec: func(c *exec.Config) { c.MaxDriveRows = -1 },
	})
	done := map[string]bool{}
	for _, table := range w.tables {
		if !done[table.Name] {
			done[table.Name] = true
			t.Run(table.Name, func(t *testing.T) { c.table(t, c.richest(t, table.Name)) })
		}
	}
}

// richest is the table of that name with the most rows. Together all of them
// fill every column: what no row holds would go through every test unseen.
func (c *conformance) richest(t *testing.T, name string) *catalog.Table {
	t.Helper()
	var best *catalog.Table
	filled := map[string]bool{}
	for _, table := range c.tables {
		if table.Name != name {
			continue
		}
		rows := c.truth.table(table)
		if best == nil || len(rows) > len(c.truth.table(best)) {
			best = table
		}
		for _, row := range rows {
			for column, v := range row {
				filled[column] = filled[column] || v != nil
			}
		}
	}
	for i := range best.Columns {
		if !filled[best.Columns[i].Name] && !best.Columns[i].Custom {
			t.Errorf("no row has a value of %s (%s)", best.Columns[i].Name, best.Columns[i].Source)
		}
	}
	return best
}

func (c *conformance) table(t *testing.T, table *catalog.Table) {
	for _, sql := range table.Examples {
		c.agrees(t, sql)
	}
	from := quoted(table.Schema.Name) + "." + quoted(table.Name)
	for _, p := range append([]probe{{name: "whole"}}, c.probes(t, table)...) {
		t.Run(p.name, func(t *testing.T) {
			where := ""
			if len(p.tests) > 0 {
				where = " WHERE " + join(p.tests, test.sql)
			}
			want := c.agrees(t, "SELECT * FROM "+from+where)
			if len(p.tests) > 0 && want == 0 {
				t.Error("no row fulfils the condition, which proves nothing")
			}
			c.called(t, table, p, "SELECT * FROM "+from+where)
			c.agrees(t, "SELECT count(*) FROM "+from+where)
			if got := len(c.web.Query(t, "SELECT * FROM "+from+where+" LIMIT 2")); got != min(2, want) {
				t.Errorf("LIMIT 2 gave %d of %d rows", got, want)
			}
			c.feed(t, table, p, want)
		})
	}
}

// agrees compares the answers of the gateway with push-down and without, and of
// the oracle. It returns the number of rows.
func (c *conformance) agrees(t *testing.T, sql string) int {
	t.Helper()
	stats := map[string]int{}
	q := generated{sql: sql, literal: sql}
	if c.agree(t, c.oracle, q, stats) && stats["refused"] > 0 {
		t.Errorf("%s is refused", sql)
	}
	sameAnswer(t, c.web.Stack, c.off, q, map[string]int{})
	return stats["rows"]
}

// called checks that a call used the path and sent the condition.
func (c *conformance) called(t *testing.T, table *catalog.Table, p probe, sql string) {
	t.Helper()
	if p.path == nil {
		return
	}
	c.web.ResetRequests()
	c.web.Query(t, sql)
	var seen []string
	for _, r := range c.web.Requests() { // the simulator notes a call before it answers
		path, err := url.PathUnescape(r.Path)
		if err != nil {
			t.Fatal(err)
		}
		query := unescaped(t, r.Query)
		if p.path.MatchString(path) && strings.Contains(query, p.sent) {
			return
		}
		seen = append(seen, path+"?"+query)
	}
	t.Errorf("%s of %s: no call has %s with %q, but\n%s", sql, table.Name, p.path, p.sent, strings.Join(seen, "\n"))
}

// feed reads the same rows by OData, counted, and the first by its key.
func (c *conformance) feed(t *testing.T, table *catalog.Table, p probe, want int) {
	t.Helper()
	set := c.web.URL + "/odata/pingone/" + url.PathEscape(table.Schema.Name) + "/" + table.Name
	options := url.Values{"$count": {"true"}}
	if len(p.tests) > 0 {
		options.Set("$filter", join(p.tests, test.odata))
	}
	var body struct {
		Count int `json:"@odata.count"`
		Value []map[string]json.RawMessage
		Next  string `json:"@odata.nextLink"`
	}
	c.read(t, set+"?"+options.Encode(), &body)
	if body.Count != want || len(body.Value) != want && body.Next == "" {
		t.Errorf("OData counts %d and gives %d rows, want %d; %s", body.Count, len(body.Value), want, options.Encode())
	}
	if len(p.tests) > 0 || len(body.Value) == 0 {
		return
	}
	var key []string
	for _, k := range table.Key() {
		var v any
		column := &table.Columns[k]
		if err := json.Unmarshal(body.Value[0][column.Name], &v); err != nil {
			t.Fatal(err)
		}
		key = append(key, column.Name+"="+literal(column, v))
	}
	var one map[string]json.RawMessage
	c.read(t, set+"("+url.PathEscape(strings.Join(key, ","))+")", &one)
	for name, v := range body.Value[0] {
		if !strings.HasPrefix(name, "@") && string(one[name]) != string(v) {
			t.Errorf("by its key %s is %s, not %s", name, one[name], v)
		}
	}
}

func (c *conformance) read(t *testing.T, address string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if status := c.truth.do(req, into); status != http.StatusOK {
		t.Fatalf("%s: status %d", address, status)
	}
}

// probes are the conditions that the table's paths answer, with values of its
// rows.
func (c *conformance) probes(t *testing.T, table *catalog.Table) (out []probe) {
	t.Helper()
	rows := c.truth.table(table)
	for i := range table.Paths {
		path := &table.Paths[i]
		if path.Parent != nil {
			continue
		}
		place := regexp.MustCompile("/" + holes.ReplaceAllString(strings.SplitN(path.Get+path.List, "?", 2)[0], "[^/]+") + "$")
		row, ok := first(rows, path.Keys)
		if !ok {
			t.Errorf("no row has the keys %v of path %s", path.Keys, path.Name)
			continue
		}
		var keys []test
		for _, k := range path.Keys {
			keys = append(keys, test{column: table.Column(k), value: row[k]})
		}
		if len(keys) > 0 {
			out = append(out, probe{name: path.Name, tests: keys, path: place})
		}
		for k := range keys[:max(0, len(keys)-1)] {
			out = append(out, probe{name: path.Name + "/part " + path.Keys[k], tests: keys[k : k+1]})
		}
		if v := path.Variant; v != nil {
			for _, value := range v.Values {
				out = append(out, c.variant(t, table, path, value, place))
			}
		}
		if path.Range != nil {
			out = append(out, rangeProbes(t, table, path, rows, place)...)
		}
		for name, f := range path.Filters {
			if table.Column(name).Custom {
				continue
			}
			for _, op := range f.Operators {
				out = append(out, filterProbe(t, table, path, name, op, rows, place))
			}
		}
	}
	return out
}

var holes = regexp.MustCompile(`\{\w+\}`)

// rangeProbes bound the time of a path that must be told one.
func rangeProbes(t *testing.T, table *catalog.Table, path *catalog.Path, rows []map[string]any, place *regexp.Regexp) (out []probe) {
	t.Helper()
	column := table.Column(path.Range.Column)
	at := func(k int) any { return rows[k][column.Name] }
	attribute, _, _ := strings.Cut(path.Filter, " ")
	for name, tests := range map[string][]test{
		"since":   {{column, predicate.OpGe, at(len(rows) / 2)}},
		"after":   {{column, predicate.OpGt, at(len(rows) / 2)}},
		"until":   {{column, predicate.OpLe, at(len(rows) / 2)}},
		"between": {{column, predicate.OpGe, at(len(rows) / 3)}, {column, predicate.OpLt, at(len(rows) / 2)}},
		"at":      {{column, predicate.OpEq, at(len(rows) / 2)}},
	} {
		out = append(out, probe{name: path.Name + "/" + name, tests: tests, path: place, sent: attribute + " "})
	}
	return out
}

// variant asks for the rows of one value of the path's variant.
func (c *conformance) variant(t *testing.T, table *catalog.Table, path *catalog.Path, value string, place *regexp.Regexp) probe {
	t.Helper()
	column := table.Column(path.Variant.Column)
	for _, row := range c.truth.table(table) {
		if row[column.Name] != value {
			continue
		}
		p := probe{name: path.Name + "/" + value, path: place, sent: value}
		for _, k := range path.Keys {
			p.tests = append(p.tests, test{column: table.Column(k), value: row[k]})
		}
		p.tests = append(p.tests, test{column: column, value: value})
		return p
	}
	t.Errorf("no row has %s = %s", column.Name, value)
	return probe{name: path.Name + "/" + value}
}

// filterProbe tests one operator of a filter. A get by the same column is as
// good as the filter.
func filterProbe(t *testing.T, table *catalog.Table, path *catalog.Path, name string, op predicate.Operator, rows []map[string]any, place *regexp.Regexp) probe {
	t.Helper()
	p := probe{name: fmt.Sprintf("%s/%s %d", path.Name, name, op), path: place, sent: path.Filters[name].Attribute + " "}
	for i := range table.Paths {
		if slices.Equal(table.Paths[i].Keys, []string{name}) {
			p.path, p.sent = nil, ""
		}
	}
	row, ok := first(rows, append(slices.Clone(path.Keys), name))
	if !ok {
		t.Errorf("no row has a value of %s to test its filter with", name)
		return p
	}
	for _, k := range path.Keys {
		p.tests = append(p.tests, test{column: table.Column(k), value: row[k]})
	}
	value := row[name]
	letters := []rune(fmt.Sprint(value))
	switch part := max(1, len(letters)/2); op {
	case predicate.OpSw:
		value = string(letters[:part])
	case predicate.OpEw:
		value = string(letters[len(letters)-part:])
	case predicate.OpCo:
		value = string(letters[len(letters)/4 : len(letters)/4+part])
	case predicate.OpLt, predicate.OpGt:
		value = "2100-01-01 00:00:00Z"
		if op == predicate.OpGt {
			value = "1970-01-01 00:00:00Z"
		}
	}
	p.tests = append(p.tests, test{table.Column(name), op, value})
	return p
}

// first is the first row that has values of all the columns, texts without
// signs that LIKE reads otherwise.
func first(rows []map[string]any, columns []string) (map[string]any, bool) {
	i := slices.IndexFunc(rows, func(row map[string]any) bool {
		return !slices.ContainsFunc(columns, func(c string) bool {
			return row[c] == nil || row[c] == "" || strings.ContainsAny(fmt.Sprint(row[c]), `%_\`)
		})
	})
	if i < 0 {
		return nil, false
	}
	return rows[i], true
}

func join(tests []test, write func(test) string) string {
	out := make([]string, len(tests))
	for i := range tests {
		out[i] = write(tests[i])
	}
	return strings.Join(out, map[bool]string{true: " AND ", false: " and "}[strings.Contains(out[0], `"`)])
}

var comparisons = map[predicate.Operator][2]string{
	predicate.OpEq: {"=", "eq"}, predicate.OpGe: {">=", "ge"}, predicate.OpGt: {">", "gt"}, predicate.OpLe: {"<=", "le"}, predicate.OpLt: {"<", "lt"},
}

func (x test) sql() string {
	column := quoted(x.column.Name)
	switch x.op {
	case predicate.OpSw:
		return column + " LIKE " + sqlLiteral(x.value.(string)+"%")
	case predicate.OpEw:
		return column + " LIKE " + sqlLiteral("%"+x.value.(string))
	case predicate.OpCo:
		return column + " LIKE " + sqlLiteral("%"+x.value.(string)+"%")
	default:
		return column + " " + comparisons[x.op][0] + " " + sqlLiteral(x.value)
	}
}

func (x test) odata() string {
	functions := map[predicate.Operator]string{predicate.OpSw: "startswith", predicate.OpEw: "endswith", predicate.OpCo: "contains"}
	if f := functions[x.op]; f != "" {
		return f + "(" + x.column.Name + "," + literal(x.column, x.value) + ")"
	}
	return x.column.Name + " " + comparisons[x.op][1] + " " + literal(x.column, x.value)
}

// literal writes a value in OData.
func literal(c *catalog.Column, v any) string {
	switch c.Type {
	case catalog.String:
		return "'" + strings.ReplaceAll(fmt.Sprint(v), "'", "''") + "'"
	case catalog.Timestamp:
		return strings.Replace(fmt.Sprint(v), " ", "T", 1)
	default:
		return fmt.Sprint(v)
	}
}
