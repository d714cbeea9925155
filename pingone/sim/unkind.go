package sim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// unkindness is what the switches say. The zero value is the kind service that
// the documentation describes. It is never changed once it is in force.
type unkindness struct {
	texts []string // the switches as they were set

	shortPages  float64 // the largest part of the page asked for; 0: whole pages
	emptyPages  uint64  // about one page in so many is empty; 0: none
	repeatRows  int     // rows of the page before that a page begins with
	shifting    bool    // cursors are offsets
	endless     bool    // links go in a circle
	cursorTTL   time.Duration
	cursorCalls int64
	cursorToken bool

	hideCount    bool // of results with more members than countUpTo
	countUpTo    int
	staleUsers   lag
	staleGroups  lag
	searchDelay  time.Duration
	newDelay     time.Duration // of environments
	sourceShare  float64
	noRetryAfter bool

	refused     []refusal
	booleans    string // "quoted" or "bare"; empty: both
	maxFilter   int    // bytes; 0: unlimited
	maxHeader   int    // bytes; 0: as documented
	halAlways   bool
	spelling    spelling
	phases      []Fault
	frozen      int // number of the connection that stops answering; 0: none
	frozenAfter int // requests that it answers first
}

// lag is how far behind a number is: a duration or a number of writes.
type lag struct {
	time   time.Duration
	writes int
}

// refusal is an attribute or operator that filters may not use; an empty part
// stands for all.
type refusal struct{ attribute, operator string }

func (r refusal) covers(attribute, operator string) bool {
	return (r.attribute == "" || r.attribute == attribute) && (r.operator == "" || r.operator == operator)
}

// Switch describes one way in which the simulator can be unkind.
type Switch struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"` // what may stand behind =, with the default; empty: nothing
	Doc   string `json:"doc"`
	set   func(value string) error
}

// Switches lists the ways of being unkind, in the order of the documentation.
func Switches() []Switch { return new(unkindness).switches() }

// switches are the ways of being unkind, which set what u says.
func (u *unkindness) switches() []Switch {
	return []Switch{
		{"short-pages", "0.9", "pages have between one row and this part of the rows asked for", number(&u.shortPages, 0.001, 1)},
		{"empty-pages", "3", "about one page in so many is empty and has a next link, and so has a last page at times", number(&u.emptyPages, 1, 1e6)},
		{"repeat-rows", "1", "pages begin with so many rows of the page before", number(&u.repeatRows, 1, 1000)},
		{"shifting-pages", "", "cursors are offsets into the result as it is now: creations repeat rows, deletions skip them", flag(&u.shifting)},
		{"endless-links", "", "from the third page on, two next links lead to each other", flag(&u.endless)},
		{"cursor-ttl", "30s", "cursors expire after a duration", span(&u.cursorTTL)},
		{"cursor-calls", "20", "cursors expire after so many calls of any kind", number(&u.cursorCalls, 1, 1e9)},
		{"cursor-token", "", "cursors belong to the access token that they were made with", flag(&u.cursorToken)},
		{"no-count", "0", "results with more members than this have no count", u.hideCounts},
		{"stale-user-counts", "30s", "userCount of populations is as it was so long, or so many writes, ago", u.staleUsers.parse},
		{"stale-group-counts", "30s", "directMemberCounts of groups likewise", u.staleGroups.parse},
		{"search-delay", "5s", "lists show writes to users only after a duration; single reads show them at once", span(&u.searchDelay)},
		{"new-environments", "60s", "a new environment answers 403 for a duration", span(&u.newDelay)},
		{"forbidden", "20+5", "a phase of 403: after so many calls, for so many calls or a duration; @ and a path such as @/v1/environments/*/users limits it", u.phase(403)},
		{"not-found", "20+5", "a phase of 404, likewise", u.phase(404)},
		{"endless-429", "0", "429 for every call after so many; @ and a path limits it", u.endless429},
		{"no-retry-after", "", "refusals by rate limits do not say when to come back", flag(&u.noRetryAfter)},
		{"source-share", "0.35", "one address may use this part of each rate limit in one environment", number(&u.sourceShare, 0.001, 1)},
		{"refuse-filter", filterForm, "filters must not use the attribute, the operator (:sw) or both together", u.refuseFilter},
		{"booleans", "quoted", "filters must have booleans quoted, or bare", u.spellBooleans},
		{"max-filter", "2000", "longer filters, in bytes, are refused with 414", number(&u.maxFilter, 1, 1e6)},
		{"max-header", "4000", "an address with headers that are longer together, in bytes, is refused with 431", number(&u.maxHeader, 1, 1e6)},
		{"hal-json", "", "answers are application/hal+json whatever Accept asks for", flag(&u.halAlways)},
		{"json-spaces", "", "spaces and line breaks in JSON", flag(&u.spelling.spaces)},
		{"json-order", "", "members of objects in another order in every object", flag(&u.spelling.order)},
		{"json-unknown", "", "members that no documentation knows", flag(&u.spelling.unknown)},
		{"json-null", "", "null for members without value", flag(&u.spelling.null)},
		{"json-escapes", "", `\u escapes in names and texts`, flag(&u.spelling.escapes)},
		{"json-floats", "", "whole numbers as 7.0 and 7e0", flag(&u.spelling.floats)},
		{"freeze-connection", "1+0", "the connection of this number stops answering after so many requests, and stays open", u.freeze},
	}
}

func flag(into *bool) func(string) error {
	return func(text string) error {
		if text != "" {
			return fmt.Errorf("takes no value, not %q", text)
		}
		*into = true
		return nil
	}
}

// number reads a number within bounds.
func number[T int | int64 | uint64 | float64](into *T, least, most float64) func(string) error {
	return func(text string) error {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || v < least || v > most || float64(T(v)) != v {
			return fmt.Errorf("must be a number from %g to %g, not %q", least, most, text)
		}
		*into = T(v)
		return nil
	}
}

// span reads a positive duration.
func span(into *time.Duration) func(string) error {
	return func(text string) error {
		v, err := time.ParseDuration(text)
		if err != nil || v <= 0 {
			return fmt.Errorf("must be a duration such as 30s, not %q", text)
		}
		*into = v
		return nil
	}
}

func (l *lag) parse(text string) error {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		l.writes = n
		return nil
	}
	return span(&l.time)(text)
}

func (u *unkindness) hideCounts(text string) error {
	u.hideCount = true
	return number(&u.countUpTo, 0, 1e9)(text)
}

func (u *unkindness) spellBooleans(text string) error {
	if u.booleans = text; text != "quoted" && text != "bare" {
		return fmt.Errorf("must be quoted or bare, not %q", text)
	}
	return nil
}

// phase makes a switch that refuses calls for a while.
func (u *unkindness) phase(status int) func(string) error {
	return func(text string) error {
		rest, match := matchOf(text)
		rest = cmp.Or(rest, "20+5")
		f := Fault{Match: match, Do: "status", Status: status}
		after, length, both := strings.Cut(rest, "+")
		if !both {
			after, length = "0", rest
		}
		if err := number(&f.After, 0, 1e9)(after); err != nil {
			return err
		}
		if number(&f.Times, 1, 1e9)(length) != nil && span((*time.Duration)(&f.For))(length) != nil {
			return fmt.Errorf("must be such as 5, 30s or 20+5, not %q", text)
		}
		u.phases = append(u.phases, f)
		return f.validate()
	}
}

func (u *unkindness) endless429(text string) error {
	after, match := matchOf(text)
	after = cmp.Or(after, "0")
	one := 1
	f := Fault{Match: match, Do: "status", Status: 429, Times: -1, RetryAfter: &one}
	err := errors.Join(number(&f.After, 0, 1e9)(after), f.validate())
	u.phases = append(u.phases, f)
	return err
}

// matchOf takes the path off a value.
func matchOf(value string) (rest, match string) {
	rest, path, limited := strings.Cut(value, "@")
	if !limited {
		path = "/v1/**"
	}
	return rest, "* " + path
}

func (u *unkindness) freeze(text string) error {
	head, after, _ := strings.Cut(text, "+")
	after = cmp.Or(after, "0")
	return errors.Join(number(&u.frozen, 1, 1e9)(head), number(&u.frozenAfter, 0, 1e9)(after))
}

func (u *unkindness) refuseFilter(v string) error {
	attribute, operator := strings.TrimPrefix(v, filterForm), ""
	if at := strings.LastIndexByte(v, ':'); at >= 0 && (at == 0 || slices.Contains(filterOperators, v[at+1:])) {
		attribute, operator = v[:at], v[at+1:]
	}
	if attribute == "" && !slices.Contains(filterOperators, operator) {
		return fmt.Errorf("needs an attribute, an operator of %s, or both, such as title:sw, not %q", strings.Join(filterOperators, ", "), v)
	}
	u.refused = append(u.refused, refusal{attribute, operator})
	return nil
}

// filterForm tells what refuse-filter needs; there is no default.
const filterForm = "attribute:operator"

var filterOperators = []string{"eq", "sw", "ew", "co", "lt", "and", "or"}

// parseUnkind reads a list such as "short-pages,cursor-ttl=30s".
func parseUnkind(text string) (*unkindness, error) {
	u := &unkindness{}
	known := u.switches()
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		k := slices.IndexFunc(known, func(s Switch) bool { return s.Name == name })
		if k < 0 {
			var names []string
			for _, s := range known {
				names = append(names, s.Name)
			}
			return nil, fmt.Errorf("there is no unkindness %q; there are %s", name, strings.Join(names, ", "))
		}
		value = cmp.Or(value, known[k].Value)
		if err := known[k].set(value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		u.texts = append(u.texts, part)
	}
	return u, nil
}

// SetUnkind replaces the switches in force by a list such as
// "short-pages,cursor-ttl=30s"; see Switches. Empty text makes the simulator
// kind again. Phases begin anew.
func (s *Server) SetUnkind(text string) error {
	u, err := parseUnkind(text)
	if err != nil {
		return err
	}
	if err := s.phases.set(u.phases); err != nil {
		return err
	}
	s.connections.restart()
	s.unkind.Store(u)
	return nil
}

// Unkind lists the switches in force as they were set.
func (s *Server) Unkind() []string { return slices.Clone(s.unkind.Load().texts) }

// draw is a number that follows from the seed and what it is drawn for, so that
// the same call meets the same unkindness in whatever order calls come.
func (s *Server) draw(parts ...string) uint64 {
	h := data.Mix(s.opt.Seed ^ data.SaltOf("unkind"))
	for _, p := range parts {
		h = data.Mix(h ^ data.SaltOf(p))
	}
	return h
}
