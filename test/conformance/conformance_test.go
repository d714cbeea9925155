//go:build duckdb_arrow

// Package conformance holds the gateway to OData's conformance levels: each line
// of them is a test of its own, by HTTP, over the simulator.
//
// Sources: OData 4.01 Part 1, section 12; OData JSON Format 4.01, section 23;
// URL Conventions 4.01, section 5.1.1.
package conformance

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite docs/odata-conformance.md")

const document = "../../docs/odata-conformance.md"

// How much the specification asks for a line.
const (
	must   = "MUST"
	should = "SHOULD"
	may    = "MAY"
)

// line is one demand of a conformance level.
type line struct {
	number, demand, rule string
	check                func(*check)

	// What became of it: a reason to leave it out, by the specification or by 501.
	beside, refused string
}

// level is a list of lines with a title of the specification.
type level struct {
	title string
	lines []line
}

// levels are all lines.
var levels = []level{
	{"OData 4.0, Minimal", minimal},
	{"OData 4.0, Minimal, updatable", updatable},
	{"OData 4.0, Intermediate", intermediate},
	{"OData 4.0, Advanced", advanced},
	{"OData 4.01, Minimal", minimal401},
	{"OData 4.01, Minimal, updatable", updatable401},
	{"OData 4.01, Intermediate", intermediate401},
	{"OData 4.01, Advanced", advanced401},
	{"JSON format", jsonFormat},
	{"HTTP", protocol},
	{"Operators, functions and options", semantics},
}

// The document says what the tests found: a line that passes is kept, one whose
// requests are answered 501 stands there with the reason. So that a line which
// falls back to 501 fails the test, too.
func TestConformance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ran := 0
	for _, l := range levels {
		for i := range l.lines {
			one := &l.lines[i]
			t.Run(strings.ReplaceAll(one.number+" "+one.rule, "/", "|"), func(t *testing.T) {
				ran++
				one.run(t, w)
			})
		}
	}
	all := 0
	for _, l := range levels {
		all += len(l.lines)
	}
	if ran < all || t.Failed() {
		return // a part of the tests tells nothing of the whole
	}
	text := write(levels)
	if *update {
		require.NoError(t, os.WriteFile(document, []byte(text), 0o644))
		return
	}
	present, err := os.ReadFile(document)
	require.NoError(t, err)
	assert.Equal(t, string(present), text, "the document is not current: run the test with -update and look at the change")
}

// stopped ends a line's check where the gateway answers 501.
type stopped struct{}

func (l *line) run(t testing.TB, w *world) {
	t.Helper()
	l.beside, l.refused = "", ""
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(stopped); !ok {
				panic(r)
			}
		}
	}()
	l.check(&check{t: t, world: w, line: l, n: w.checks.Add(1)})
}

func write(levels []level) string {
	var b strings.Builder
	b.WriteString("# OData conformance\n\nWhat OData's conformance levels ask of a service, line by line, and what the gateway does. `test/conformance` tests each line over HTTP and writes this page; a request that isn't done is answered 501 with the reason given here.\n")
	counts := map[string][3]int{}
	for _, l := range levels {
		fmt.Fprintf(&b, "\n## %s\n\n| line | asked | rule | gateway |\n| --- | --- | --- | --- |\n", l.title)
		for i := range l.lines {
			one := &l.lines[i]
			n := counts[one.demand]
			state := "yes"
			switch {
			case one.refused != "":
				state = "501: " + one.refused
				n[1]++
			case one.beside != "":
				state = one.beside
				n[2]++
			default:
				n[0]++
			}
			counts[one.demand] = n
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", one.number, one.demand, cell(one.rule), cell(state))
		}
	}
	b.WriteString("\n## Sum\n\n| asked | yes | 501 | does not apply |\n| --- | --: | --: | --: |\n")
	for _, d := range []string{must, should, may} {
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", d, counts[d][0], counts[d][1], counts[d][2])
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
