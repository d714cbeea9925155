package plan

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

const (
	// refusalTTL is how long a refused test is not tried again.
	refusalTTL = time.Hour
	// doubtTTL is the same for tests that are only suspected.
	doubtTTL = time.Minute
	// maxRefusals bounds what is remembered.
	maxRefusals = 10_000
	// leastFilter is the length below which shorter filters are no remedy.
	leastFilter = 200
)

// refusals remembers which tests the service did not take, so that the next
// query is planned without them. It is safe for concurrent use.
type refusals struct {
	now func() time.Time

	mu      sync.Mutex
	tests   map[test]time.Time          // until when
	shorter map[catalog.Place]shortened // because filters were too long
}

// test is an operator on an attribute of a table.
type test struct {
	catalog.Place
	attribute, operator string
}

type shortened struct {
	limit int
	until time.Time
}

func newRefusals(now func() time.Time) *refusals {
	return &refusals{now: now, tests: map[test]time.Time{}, shorter: map[catalog.Place]shortened{}}
}

// fixed is the test of the filter that a path always sends. There is none where it
// tells a span of time, without which nothing can be read.
func fixed(at catalog.Place, path *catalog.Path) []test {
	attribute, _, _ := strings.Cut(path.Filter, "[")
	if path.Range != nil || attribute == path.Filter {
		return nil
	}
	return []test{{at, attribute, scim.Word(predicate.OpEq)}}
}

// refuses tells whether the service refused what the path always sends, and keeps
// the attribute.
func (s *search) refuses(child *catalog.Path) bool {
	for _, t := range fixed(s.table.Place(), child) {
		if s.planner.refusals.refused(t) {
			if !slices.Contains(s.refused, t.attribute) {
				s.refused = append(s.refused, t.attribute)
			}
			return true
		}
	}
	return false
}

// refused tells whether a test is known to be refused.
func (r *refusals) refused(t test) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	until, ok := r.tests[t]
	return ok && r.now().Before(until)
}

// limit is the longest filter for a table, usually the usual one.
func (r *refusals) limit(p catalog.Place, usual int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.shorter[p]; ok && r.now().Before(s.until) {
		return min(s.limit, usual)
	}
	return usual
}

// remember adds tests.
func (r *refusals) remember(tests []test, ttl time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if len(r.tests)+len(tests) > maxRefusals {
		for t, until := range r.tests {
			if !now.Before(until) {
				delete(r.tests, t)
			}
		}
		if len(r.tests)+len(tests) > maxRefusals {
			clear(r.tests)
		}
	}
	for _, t := range tests {
		r.tests[t] = now.Add(ttl)
	}
}

// shorten halves the length of a table's filters, which was too much, unless
// another query did so before; it is false where they are short already.
func (r *refusals) shorten(p catalog.Place, length int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.shorter[p]; ok && r.now().Before(s.until) && s.limit < length {
		return true
	}
	if length/2 < leastFilter {
		return false
	}
	if len(r.shorter) >= maxRefusals {
		clear(r.shorter)
	}
	r.shorter[p] = shortened{limit: length / 2, until: r.now().Add(refusalTTL)}
	return true
}

// allowed takes the refused operators from what a path can test, and names
// the columns that lost one.
func (r *refusals) allowed(p catalog.Place, path *catalog.Path, caps predicate.Capabilities) (less predicate.Capabilities, lost []string) {
	less = caps
	less.Columns = make(map[string]predicate.Capability, len(caps.Columns))
	for column, c := range caps.Columns {
		attribute := path.Filters[column].Attribute
		c.Operators = slices.DeleteFunc(slices.Clone(c.Operators), func(o predicate.Operator) bool {
			return r.refused(test{p, attribute, scim.Word(o)})
		})
		if len(c.Operators) < len(caps.Columns[column].Operators) {
			lost = append(lost, column)
		}
		less.Columns[column] = c
	}
	slices.Sort(lost)
	return less, lost
}

// sorting stands for the order of a table's rows by an attribute.
func sorting(t *catalog.Table, attribute string) test {
	return test{t.Place(), attribute, scan.Order}
}

// Refuse remembers what the service did not take of a read's conditions and order:
// the test that it names, else all that were sent. It reports whether planning
// again gives another read.
func (p *Planner) Refuse(r *Read, why *scan.Refused) bool {
	if why.TooLong {
		longest := 0
		for _, f := range r.filters {
			longest = max(longest, f.length)
		}
		for _, f := range r.filters {
			if f.length == longest && p.refusals.shorten(f.place, longest) {
				return true
			}
		}
	}
	var named, all []test
	for _, f := range r.filters {
		all = append(all, f.tests...)
	}
	if r.Request.Order != "" {
		all = append(all, sorting(r.Request.Table, strings.TrimPrefix(r.Request.Order, "-")))
	}
	for _, t := range all {
		if why.Attribute != "" && strings.EqualFold(t.attribute, why.Attribute) && (why.Operator == "" || strings.EqualFold(t.operator, why.Operator)) {
			named = append(named, t)
		}
	}
	ttl := refusalTTL
	if len(named) == 0 {
		named, ttl = all, doubtTTL
	}
	p.refusals.remember(named, ttl)
	return len(named) > 0
}

// sent is what the filters of one table test.
type sent struct {
	place  catalog.Place
	tests  []test
	length int // of the longest filter, in bytes of a URL
}
