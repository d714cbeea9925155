package plan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/scim"
)

// maxTuples bounds the key tuples of one read.
const maxTuples = 100_000

// fewCalls is the number of calls that are made without asking whether another
// path would need fewer.
const fewCalls = 8

// search looks for the cheapest path of one access.
type search struct {
	planner *Planner
	table   *catalog.Table
	where   predicate.Expr
	access  query.Access
	// refused names the attributes of paths that are left out, since the service
	// refuses the filter that each always sends.
	refused []string
}

// candidate is one usable path with all that it takes.
type candidate struct {
	request  scan.Request
	pushed   predicate.Expr
	exact    bool
	empty    bool
	estimate Estimate
	// unique is the number of rows if a test on a unique column allows only so
	// many; else 0.
	unique int64
	// up and upBest are the search for the parent's rows and what it found.
	up     *search
	upBest *candidate
	// sent is what the filters test, those of a parent's request included.
	sent  []sent
	notes []string
	scope []string
}

// best tries the paths in the order of their declaration. Once one is cheap enough,
// no size is asked for to find a better one.
func (s *search) best(ctx context.Context) (*candidate, error) {
	var best *candidate
	for i := range s.table.Paths {
		if via := s.access.Path; via != "" && via != s.table.Paths[i].Name {
			continue
		}
		cheap := best != nil && best.decisive(s.table)
		one := *s
		if cheap {
			one.planner = s.planner.Silent()
		}
		c, err := one.candidate(ctx, &s.table.Paths[i])
		if err != nil {
			return nil, err
		}
		s.refused = one.refused
		if c == nil {
			continue
		}
		one.price(ctx, c, best != nil)
		if best == nil || c.estimate.Calls < best.estimate.Calls && (c.estimate.Known || !cheap) {
			best = c
		}
		if best.empty || best.estimate.Known && best.estimate.Calls <= 1 {
			break
		}
	}
	switch {
	case best == nil && len(s.refused) > 0:
		return nil, gwerr.Newf(gwerr.UpstreamRejected, "PingOne refused the filter on %s, by which %s is read.", s.refused[0], s.table.Name).
			WithHint("Read it by another key, or try again later.").On(s.table.Name)
	case best == nil:
		return nil, gwerr.Newf(gwerr.NotImplemented, "Table %s can't be read without a condition on %s.", s.table.Name, s.keysNeeded()).On(s.table.Name)
	}
	for _, attribute := range s.refused {
		if len(best.request.Keys) > 0 || best.empty {
			break // which is no worse
		}
		best.notes = append(best.notes, "The API refused the filter on "+attribute+" within the last hour; "+s.table.Name+" is read in another way, which may take many more calls.")
	}
	s.partition(best)
	return best, nil
}

// decisive is true of a candidate so cheap that nothing is asked to look at
// another: a single call, or a few where none reads the whole table.
func (c *candidate) decisive(t *catalog.Table) bool {
	few := int64(fewCalls)
	if slices.ContainsFunc(t.Paths, func(p catalog.Path) bool { return p.Whole() }) {
		few = 1
	}
	return c.empty || c.estimate.Known && c.estimate.Calls <= few
}

// candidate tries one path; it returns nil where the path lacks a key.
func (s *search) candidate(ctx context.Context, path *catalog.Path) (*candidate, error) {
	c := &candidate{request: scan.Request{Table: s.table, Path: path}, pushed: predicate.True}
	child := path
	if path.Parent != nil {
		child = s.table.Path(path.Parent.Path)
		if !s.parent(ctx, c, path) {
			return nil, nil
		}
	}
	rest := predicate.Conjuncts(s.where)
	rest, ok := s.keys(c, child, path, rest)
	if !ok || s.refuses(child) {
		return nil, nil
	}
	rest = s.span(c, child, rest)
	if c.empty {
		c.exact = true
		return c, nil
	}
	return c, s.filters(c, child, rest)
}

// span takes the bounds of time that the path must be told.
func (s *search) span(c *candidate, child *catalog.Path, rest []predicate.Expr) []predicate.Expr {
	r := child.Range
	if r == nil {
		return rest
	}
	c.request.From, c.request.To = predicate.Span(s.where, r.Column)
	if c.request.From.IsZero() {
		c.scope = append(c.scope, windowNote(s.table, r))
	}
	from, to := r.Window(c.request.From, c.request.To, s.planner.options.Now())
	c.empty = c.empty || !from.Before(to)
	if !r.Slices {
		return rest
	}
	return slices.DeleteFunc(slices.Clone(rest), func(e predicate.Expr) bool { return predicate.IsSpan(e, r.Column) })
}

func windowNote(t *catalog.Table, r *catalog.Range) string {
	text := fmt.Sprintf("%s holds the last %d days", t.Name, r.Days)
	for _, value := range slices.Sorted(maps.Keys(r.DaysFor)) {
		text += fmt.Sprintf(", for %s %d", value, r.DaysFor[value])
	}
	return text + ", as no condition on " + r.Column + " says from when."
}

// each gives the values to read of a key of which every value can be.
func (s *search) each(key string) []predicate.Value {
	all := s.table.Column(key).Values
	wanted, ok := predicate.KeyValues(s.where, key)
	out := make([]predicate.Value, 0, len(all))
	for _, text := range all {
		value := predicate.StringValue(text)
		if !ok || s.planner.options.NoPushDown || slices.Contains(wanted, value) {
			out = append(out, value)
		}
	}
	return out
}

// keys takes the values of the path's keys from the condition; ok is false
// where one is open or there would be too many.
func (s *search) keys(c *candidate, child, path *catalog.Path, rest []predicate.Expr) ([]predicate.Expr, bool) {
	if path.Parent != nil {
		return s.variants(c, child, rest), true // its rows give the keys
	}
	tuples := [][]string{nil}
	for _, key := range child.Keys {
		values, ok := predicate.KeyValues(s.where, key)
		if slices.Contains(child.Each, key) {
			values, ok = s.each(key), true
		}
		if !ok || s.planner.options.NoPushDown && !child.Keyless() && s.hasKeyless() {
			return nil, false
		}
		if len(values) == 0 {
			c.empty = true
			return nil, true
		}
		if len(tuples)*len(values) > maxTuples {
			return nil, false
		}
		tuples = cross(tuples, values)
		if !s.planner.options.NoPushDown || !slices.Contains(child.Each, key) {
			rest = without(rest, key)
		}
	}
	if len(child.Keys) > 0 {
		c.request.Keys = tuples
	}
	return s.variants(c, child, rest), true
}

// variants takes the wanted values of the path's variant column.
func (s *search) variants(c *candidate, child *catalog.Path, rest []predicate.Expr) []predicate.Expr {
	v := child.Variant
	if v == nil || s.planner.options.NoPushDown {
		return rest
	}
	values, ok := predicate.KeyValues(s.where, v.Column)
	if !ok {
		return rest
	}
	for _, want := range v.Values {
		for _, got := range values {
			if got.Text() == want {
				c.request.Variants = append(c.request.Variants, want)
			}
		}
	}
	if len(c.request.Variants) == 0 {
		c.empty = true
	}
	return without(rest, v.Column)
}

// filters pushes what is left of the condition.
func (s *search) filters(c *candidate, child *catalog.Path, rest []predicate.Expr) error {
	if !child.And {
		rest = preferred(child.Prefer, rest)
	}
	left := predicate.AllOf(rest...)
	if s.planner.options.NoPushDown {
		c.exact = left == predicate.True
		return nil
	}
	at := s.table.Place()
	if own := fixed(at, child); len(own) > 0 {
		c.sent = append(c.sent, sent{place: at, tests: own})
	}
	if len(child.Filters) == 0 {
		c.pushed, c.exact = predicate.True, left == predicate.True
		return nil
	}
	caps, lost := s.planner.refusals.allowed(at, child, scim.Capabilities(child, left, s.planner.options.PushUnconfirmed))
	c.pushed, c.exact = predicate.Split(left, caps)
	limit := s.planner.refusals.limit(at, s.planner.options.MaxFilter)
	fitting, long, err := scim.Fit(c.pushed, child, limit)
	if err != nil {
		return untranslated(err)
	}
	c.pushed, c.exact = fitting, c.exact && len(long) == 0
	c.unique = uniqueRows(c.pushed, child)
	c.request.Few = c.unique > 0 && c.unique <= fewRows
	if c.request.Filters, err = scim.Filters(c.pushed, child, limit); err != nil {
		return untranslated(err)
	}
	c.record(at, child)
	c.notes = append(c.notes, s.unpushed(lost, long)...)
	return nil
}

// preferred puts the conditions of which only one can be sent into the order in
// which they are chosen.
func preferred(columns []string, conditions []predicate.Expr) []predicate.Expr {
	rank := func(e predicate.Expr) int {
		for i, name := range columns {
			if slices.Equal(predicate.Columns(e), []string{name}) {
				return i
			}
		}
		return len(columns)
	}
	out := slices.Clone(conditions)
	slices.SortStableFunc(out, func(a, b predicate.Expr) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

func untranslated(err error) error {
	return gwerr.Wrap(gwerr.Internal, err, "A condition could not be translated for the API.", "")
}

// record keeps what the filters test.
func (c *candidate) record(at catalog.Place, path *catalog.Path) {
	out := sent{place: at}
	scim.Tests(c.pushed, path, func(attribute string, o predicate.Operator) {
		out.tests = append(out.tests, test{at, attribute, scim.Word(o)})
	})
	for _, f := range c.request.Filters {
		out.length = max(out.length, scim.Length(f))
	}
	if len(out.tests) > 0 {
		c.sent = append(c.sent, out)
	}
}

// unpushed says in words what the query's condition tests and the service
// can't be asked.
func (s *search) unpushed(lost []string, long []predicate.Expr) []string {
	var notes []string
	asked := predicate.Columns(s.access.Where)
	for _, column := range lost {
		if slices.Contains(asked, column) {
			notes = append(notes, "The API refused a filter on "+column+" within the last hour; the condition is evaluated here.")
		}
	}
	for _, e := range long {
		for _, column := range predicate.Columns(e) {
			if slices.Contains(asked, column) {
				notes = append(notes, "The condition on "+column+" is too long to be sent to the API; it is evaluated here.")
			}
		}
	}
	return notes
}

// hasKeyless tells whether some path needs no keys.
func (s *search) hasKeyless() bool {
	for i := range s.table.Paths {
		p := &s.table.Paths[i]
		if p.Keyless() {
			return true
		}
	}
	return false
}

func (s *search) keysNeeded() string {
	var out []string
	for i := range s.table.Paths {
		out = append(out, strings.Join(s.table.Paths[i].Keys, " and "))
	}
	return strings.Join(out, ", or on ")
}

// fewRows are those of an answer that takes longer to compress and inflate than to
// send: a user has some 2 KB.
const fewRows = 5

// uniqueRows is the number of rows that a test on a unique column allows; 0
// where there is no such test.
func uniqueRows(pushed predicate.Expr, path *catalog.Path) int64 {
	for _, column := range path.Unique {
		if values, ok := predicate.KeyValues(pushed, column); ok {
			return int64(len(values))
		}
	}
	return 0
}

// without drops the conjuncts that only restrict one column to values, when
// the path answers exactly those rows.
func without(conjuncts []predicate.Expr, column string) []predicate.Expr {
	var out []predicate.Expr
	for _, c := range conjuncts {
		if !isSet(c, column) {
			out = append(out, c)
		}
	}
	return out
}

// isSet tells whether e says that column is one of some values, and no more:
// predicate.KeyValues may give values that e then excludes.
func isSet(e predicate.Expr, column string) bool {
	switch e := e.(type) {
	case predicate.Cmp:
		return e.Column == column && e.Op == predicate.Eq
	case predicate.In:
		return e.Column == column
	case predicate.And:
		return allSets(e.Args, column)
	case predicate.Or:
		return allSets(e.Args, column)
	default:
		return false
	}
}

func allSets(args []predicate.Expr, column string) bool {
	return !slices.ContainsFunc(args, func(a predicate.Expr) bool { return !isSet(a, column) })
}

func cross(tuples [][]string, values []predicate.Value) [][]string {
	out := make([][]string, 0, len(tuples)*len(values))
	for _, t := range tuples {
		for _, v := range values {
			out = append(out, append(append([]string(nil), t...), v.Text()))
		}
	}
	return out
}
