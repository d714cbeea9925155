package admin

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

const (
	// kept is the number of requests that a Ring remembers.
	kept = 1000
	// maxText bounds the text of one, in bytes.
	maxText = 500
	// listed is the number of requests in a list of the page.
	listed = 10
)

// Asked is a request of a caller, as the audit trail shows it.
type Asked struct {
	At                       time.Time
	Caller, FrontEnd, Action string
	Statement, Outcome       string
	Calls, Rows              int64
	Duration                 time.Duration
}

// Ring remembers the last requests of all callers. The zero value is ready, and shows
// statements without their values.
type Ring struct {
	// Statements says how statements appear, as in the trail.
	Statements audit.Statements

	mu    sync.Mutex
	asked []Asked
	next  int
}

// Keep remembers a request in the place of the oldest one.
func (g *Ring) Keep(r audit.Record) {
	a := Asked{
		At: r.Started, FrontEnd: r.FrontEnd, Action: r.Action, Statement: r.Text(g.Statements), Outcome: "ok",
		Calls: r.Calls, Rows: r.Rows + r.Affected, Duration: r.Duration,
	}
	if len(a.Statement) > maxText {
		a.Statement = strings.ToValidUTF8(strings.Clone(a.Statement[:maxText]), "") + "…"
	}
	if r.Principal != nil {
		a.Caller = r.Principal.Name
	}
	if r.Err != nil {
		a.Outcome = string(gwerr.From(r.Err).Code)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.asked) < kept {
		g.asked = append(g.asked, a)
		return
	}
	g.asked[g.next] = a
	g.next = (g.next + 1) % kept
}

// Lately returns what is remembered, the oldest first.
func (g *Ring) Lately() []Asked {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Concat(g.asked[g.next:], g.asked[:g.next])
}

// most are the first of the requests in an order, which must tell all of them apart from
// nothing: those for which than is zero are left out.
func most(all []Asked, measure func(Asked) float64) []Asked {
	out := slices.DeleteFunc(slices.Clone(all), func(a Asked) bool { return measure(a) <= 0 })
	slices.SortStableFunc(out, func(a, b Asked) int { return cmp.Compare(measure(b), measure(a)) })
	return out[:min(listed, len(out))]
}

func slowness(a Asked) float64 { return a.Duration.Seconds() }

// waste is the number of calls that gave nothing: a call brings a row or more where it
// is worth its cost.
func waste(a Asked) float64 { return float64(a.Calls - a.Rows) }

// Caller sums up the requests of one.
type Caller struct {
	Name             string
	Requests, Failed int
	Calls, Rows      int64
	Total            time.Duration
	Last             time.Time
}

// byCaller sums up requests, the caller of most calls first.
func byCaller(all []Asked) []Caller {
	sums := map[string]*Caller{}
	for _, a := range all {
		c := sums[a.Caller]
		if c == nil {
			c = &Caller{Name: a.Caller}
			sums[a.Caller] = c
		}
		c.Requests++
		if a.Outcome != "ok" {
			c.Failed++
		}
		c.Calls, c.Rows, c.Total = c.Calls+a.Calls, c.Rows+a.Rows, c.Total+a.Duration
		if a.At.After(c.Last) {
			c.Last = a.At
		}
	}
	out := make([]Caller, 0, len(sums))
	for _, c := range sums {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Caller) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(b.Total, a.Total), strings.Compare(a.Name, b.Name))
	})
	return out
}
