//go:build duckdb_arrow

package integration

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

const analystFile = "testdata/analyst.txt"

// question is one of an analyst's queries: "name | enough 2 | calls 2 | explained
// 2", and its text on the next line. enough is the least number of calls that is
// known to answer it, by hand; -update rewrites the others.
type question struct {
	kind, name, sql          string
	enough, calls, explained int
}

var questionHead = regexp.MustCompile(`^(.+) \| enough (\d+)(?: \| calls (\d+) \| explained (\d+))?$`)

// questions reads the set, with the lines that are none in their places.
func questions(t *testing.T) (all []*question, lines []any) {
	t.Helper()
	raw, err := os.ReadFile(analystFile)
	if err != nil {
		t.Fatal(err)
	}
	var open *question
	kind := ""
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSuffix(line, "\n")
		m := questionHead.FindStringSubmatch(line)
		switch {
		case m != nil:
			number := func(i int) int { n, _ := strconv.Atoi(m[i]); return n }
			open = &question{kind: kind, name: m[1], enough: number(2), calls: number(3), explained: number(4)}
			all, lines = append(all, open), append(lines, open)
		case open != nil && open.sql == "":
			open.sql = line
		default:
			kind = cmp.Or(strings.TrimPrefix(line, "# "), kind)
			lines = append(lines, line)
		}
	}
	return all, lines
}

// TestAnalystsQueries counts the calls of what analysts ask of 3,000 users, and
// compares them with what EXPLAIN says.
func TestAnalystsQueries(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it counts calls, one query after the other")
	}
	c := newScript(t)
	lists := strings.NewReplacer(
		"$IDS", c.list(t, "SELECT Id FROM Users ORDER BY Id LIMIT 115"), "$GROUPS", c.list(t, "SELECT Id FROM Groups ORDER BY Id LIMIT 8"),
		"$USERNAMES", c.list(t, "SELECT Username FROM Users WHERE Username ~ '^[a-z.]+$' ORDER BY Id LIMIT 60"),
	)
	all, lines := questions(t)
	calls, enough, wrong := 0, 0, 0
	for _, q := range all {
		sql := c.ids.Replace(lists.Replace(q.sql))
		made, explained := c.count(t, sql), c.estimate(t, sql)
		if *update {
			q.calls, q.explained = made, explained
		} else if differ(made, q.calls) || differ(explained, q.explained) {
			t.Errorf("%s: %d calls, explained as %d; want %d and %d\n%s", q.name, made, explained, q.calls, q.explained, q.sql)
		}
		calls, enough = calls+made, enough+q.enough
		if differ(explained, made) {
			wrong++
			t.Logf("%s: %d calls, explained as %d", q.name, made, explained)
		}
		if made > q.enough+1 {
			t.Logf("%s: %d calls, %d suffice", q.name, made, q.enough)
		}
	}
	t.Logf("%d queries, %d calls, %d suffice, %d explained wrong", len(all), calls, enough, wrong)
	if *update {
		writeQuestions(t, lines)
	}
	compareTable(t, all)
	if calls >= 600 || wrong*20 > len(all) {
		t.Errorf("%d calls, want fewer than 600; %d of %d explained wrong by more than a tenth and two calls", calls, wrong, len(all))
	}
}

// differ tells of numbers of calls that differ by more than a tenth and two: how
// many calls are on their way when enough rows are there is chance.
func differ(is, want int) bool {
	off := max(is-want, want-is)
	return off > 2 && off*10 > want
}

func writeQuestions(t *testing.T, lines []any) {
	t.Helper()
	var out strings.Builder
	for _, line := range lines {
		if q, ok := line.(*question); ok {
			line = fmt.Sprintf("%s | enough %d | calls %d | explained %d\n%s", q.name, q.enough, q.calls, q.explained, q.sql)
		}
		fmt.Fprintln(&out, line)
	}
	if err := os.WriteFile(analystFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// compareTable compares the table of the documentation with the questions.
func compareTable(t *testing.T, all []*question) {
	t.Helper()
	const page, begin, end = "../../docs/benchmarks.md", "<!-- calls of the queries -->\n", "<!-- end of the calls -->"
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(raw), begin)
	is, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal(page, "has no place for the table")
	}
	if want := callsTable(all); *update {
		if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if is != want {
		t.Errorf("%s has\n%s\nwant\n%s", page, is, want)
	}
}

// callsTable adds up the questions of each kind.
func callsTable(all []*question) string {
	var out strings.Builder
	line := func(kind string, of func(*question) bool) {
		n, calls, enough, explained := 0, 0, 0, 0
		for _, q := range all {
			if of(q) {
				n, calls, enough, explained = n+1, calls+q.calls, enough+q.enough, explained+q.explained
			}
		}
		fmt.Fprintf(&out, "| %s | %d | %d | %d | %d |\n", kind, n, calls, enough, explained)
	}
	out.WriteString("\n| queries about | queries | calls | enough | explained |\n| --- | --: | --: | --: | --: |\n")
	last := ""
	for _, q := range all {
		if q.kind != last {
			last = q.kind
			line(last, func(o *question) bool { return o.kind == last })
		}
	}
	line("all", func(*question) bool { return true })
	return out.String() + "\n"
}

// list gives the texts that a query answers, as a list of SQL.
func (c *script) list(t *testing.T, sql string) string {
	t.Helper()
	var out []string
	for _, r := range c.stack.Query(t, sql) {
		out = append(out, "'"+r[0]+"'")
	}
	return strings.Join(out, ", ")
}

// count runs a query that knows no sizes and counts its calls.
func (c *script) count(t *testing.T, sql string) int {
	t.Helper()
	c.forget(t)
	c.stack.Query(t, sql)
	c.settle(t)
	return len(c.stack.Requests())
}

// estimate is the number of calls that EXPLAIN tells.
func (c *script) estimate(t *testing.T, sql string) int {
	t.Helper()
	c.forget(t)
	plan, err := c.stack.Explain(testkit.Context(t), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	raw, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Scans []struct{ EstimatedCalls int }
	}
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range read.Scans {
		n += s.EstimatedCalls
	}
	return n
}
