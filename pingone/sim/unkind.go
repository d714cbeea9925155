package sim

import (
	"encoding/json"
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
	set   func(u *unkindness, value string) error
}

// Switches lists the ways of being unkind, in the order of the documentation.
func Switches() []Switch { return slices.Clone(switches) }

var switches = []Switch{
	{"short-pages", "0.9", "pages have between one row and this part of the rows asked for", func(u *unkindness, v string) error {
		return number(v, "0.9", 0.001, 1, &u.shortPages)
	}},
	{"empty-pages", "3", "about one page in so many is empty and has a next link, and so has a last page at times", func(u *unkindness, v string) error {
		return number(v, "3", 1, 1e6, &u.emptyPages)
	}},
	{"repeat-rows", "1", "pages begin with so many rows of the page before", func(u *unkindness, v string) error {
		return number(v, "1", 1, 1000, &u.repeatRows)
	}},
	{"shifting-pages", "", "cursors are offsets into the result as it is now: creations repeat rows, deletions skip them", flag(func(u *unkindness) { u.shifting = true })},
	{"endless-links", "", "from the third page on, two next links lead to each other", flag(func(u *unkindness) { u.endless = true })},
	{"cursor-ttl", "30s", "cursors expire after a duration", func(u *unkindness, v string) error { return span(v, "30s", &u.cursorTTL) }},
	{"cursor-calls", "20", "cursors expire after so many calls of any kind", func(u *unkindness, v string) error {
		return number(v, "20", 1, 1e9, &u.cursorCalls)
	}},
	{"cursor-token", "", "cursors belong to the access token that they were made with", flag(func(u *unkindness) { u.cursorToken = true })},
	{"no-count", "0", "results with more members than this have no count", func(u *unkindness, v string) error {
		u.hideCount = true
		return number(v, "0", 0, 1e9, &u.countUpTo)
	}},
	{"stale-user-counts", "30s", "userCount of populations is as it was so long, or so many writes, ago", func(u *unkindness, v string) error { return u.staleUsers.parse(v) }},
	{"stale-group-counts", "30s", "directMemberCounts of groups likewise", func(u *unkindness, v string) error { return u.staleGroups.parse(v) }},
	{"search-delay", "5s", "lists show writes to users only after a duration; single reads show them at once", func(u *unkindness, v string) error { return span(v, "5s", &u.searchDelay) }},
	{"new-environments", "60s", "a new environment answers 403 for a duration", func(u *unkindness, v string) error { return span(v, "60s", &u.newDelay) }},
	{"forbidden", "20+5", "a phase of 403: after so many calls, for so many calls or a duration; @ and a path such as @/v1/environments/*/users limits it", phase(403)},
	{"not-found", "20+5", "a phase of 404, likewise", phase(404)},
	{"endless-429", "0", "429 for every call after so many; @ and a path limits it", endless429},
	{"no-retry-after", "", "refusals by rate limits do not say when to come back", flag(func(u *unkindness) { u.noRetryAfter = true })},
	{"source-share", "0.35", "one address may use this part of each rate limit in one environment", func(u *unkindness, v string) error {
		return number(v, "0.35", 0.001, 1, &u.sourceShare)
	}},
	{"refuse-filter", "attribute:operator", "filters must not use the attribute, the operator (:sw) or both together", refuseFilter},
	{"booleans", "quoted", "filters must have booleans quoted, or bare", func(u *unkindness, v string) error {
		if setDefault(&v, "quoted"); v != "quoted" && v != "bare" {
			return fmt.Errorf("must be quoted or bare, not %q", v)
		}
		u.booleans = v
		return nil
	}},
	{"max-filter", "2000", "longer filters, in bytes, are refused with 414", func(u *unkindness, v string) error {
		return number(v, "2000", 1, 1e6, &u.maxFilter)
	}},
	{"max-header", "4000", "an address with headers that are longer together, in bytes, is refused with 431", func(u *unkindness, v string) error {
		return number(v, "4000", 1, 1e6, &u.maxHeader)
	}},
	{"hal-json", "", "answers are application/hal+json whatever Accept asks for", flag(func(u *unkindness) { u.halAlways = true })},
	{"json-spaces", "", "spaces and line breaks in JSON", spell(spellSpaces)},
	{"json-order", "", "members of objects in another order in every object", spell(spellOrder)},
	{"json-unknown", "", "members that no documentation knows", spell(spellUnknown)},
	{"json-null", "", "null for members without value", spell(spellNull)},
	{"json-escapes", "", `\u escapes in names and texts`, spell(spellEscapes)},
	{"json-floats", "", "whole numbers as 7.0 and 7e0", spell(spellFloats)},
	{"freeze-connection", "1+0", "the connection of this number stops answering after so many requests, and stays open", func(u *unkindness, v string) error {
		setDefault(&v, "1")
		head, after, _ := strings.Cut(v, "+")
		return errors.Join(number(head, "1", 1, 1e9, &u.frozen), number(after, "0", 0, 1e9, &u.frozenAfter))
	}},
}

func flag(set func(u *unkindness)) func(*unkindness, string) error {
	return func(u *unkindness, v string) error {
		if v != "" {
			return fmt.Errorf("takes no value, not %q", v)
		}
		set(u)
		return nil
	}
}

func spell(s spelling) func(*unkindness, string) error {
	return flag(func(u *unkindness) { u.spelling |= s })
}

// number reads a number within bounds; empty text is the default.
func number[T int | int64 | uint64 | float64](text, def string, least, most float64, into *T) error {
	setDefault(&text, def)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v < least || v > most || float64(T(v)) != v {
		return fmt.Errorf("must be a number from %g to %g, not %q", least, most, text)
	}
	*into = T(v)
	return nil
}

// span reads a positive duration; empty text is the default.
func span(text, def string, into *time.Duration) error {
	setDefault(&text, def)
	v, err := time.ParseDuration(text)
	if err != nil || v <= 0 {
		return fmt.Errorf("must be a duration such as %s, not %q", def, text)
	}
	*into = v
	return nil
}

func (l *lag) parse(text string) error {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		l.writes = n
		return nil
	}
	return span(text, "30s", &l.time)
}

// phase makes a switch that refuses calls for a while.
func phase(status int) func(*unkindness, string) error {
	return func(u *unkindness, v string) error {
		f, rest := phaseFault(v)
		setDefault(&rest, "20+5")
		length, after := rest, ""
		if head, tail, ok := strings.Cut(rest, "+"); ok {
			after, length = head, tail
		}
		f.Do, f.Status = "status", status
		if err := number(after, "0", 0, 1e9, &f.After); err != nil {
			return err
		}
		if n, err := strconv.Atoi(length); err == nil && n > 0 {
			f.Times = n
		} else if err := span(length, "30s", (*time.Duration)(&f.For)); err != nil {
			return fmt.Errorf("must be such as 5, 30s or 20+5, not %q", v)
		}
		u.phases = append(u.phases, f)
		return f.validate()
	}
}

func endless429(u *unkindness, v string) error {
	f, after := phaseFault(v)
	one := 1
	f.Do, f.Status, f.Times, f.RetryAfter = "status", 429, -1, &one
	u.phases = append(u.phases, f)
	return errors.Join(number(after, "0", 0, 1e9, &u.phases[len(u.phases)-1].After), f.validate())
}

// phaseFault takes the path off a value.
func phaseFault(value string) (f Fault, rest string) {
	rest, path, limited := strings.Cut(value, "@")
	if !limited {
		path = "/v1/**"
	}
	return Fault{Match: "* " + path}, rest
}

func refuseFilter(u *unkindness, v string) error {
	attribute, operator := v, ""
	if at := strings.LastIndexByte(v, ':'); at >= 0 && (at == 0 || slices.Contains(filterOperators, v[at+1:])) {
		attribute, operator = v[:at], v[at+1:]
	}
	if attribute == "" && !slices.Contains(filterOperators, operator) {
		return fmt.Errorf("needs an attribute, an operator of %s, or both, such as title:sw, not %q", strings.Join(filterOperators, ", "), v)
	}
	u.refused = append(u.refused, refusal{attribute, operator})
	return nil
}

var filterOperators = []string{"eq", "sw", "ew", "co", "lt", "and", "or"}

// parseUnkind reads a list such as "short-pages,cursor-ttl=30s".
func parseUnkind(text string) (*unkindness, error) {
	u := &unkindness{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		k := slices.IndexFunc(switches, func(s Switch) bool { return s.Name == name })
		if k < 0 {
			return nil, fmt.Errorf("there is no unkindness %q; there are %s", name, strings.Join(switchNames(), ", "))
		}
		if err := switches[k].set(u, value); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		u.texts = append(u.texts, part)
	}
	return u, nil
}

func switchNames() []string {
	var out []string
	for _, s := range switches {
		out = append(out, s.Name)
	}
	return out
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

// unkindList is the switches in force and all that there are, as JSON.
func (s *Server) unkindList() []byte {
	raw, err := json.Marshal(struct {
		Set      []string `json:"set"`
		Switches []Switch `json:"switches"`
	}{append([]string{}, s.Unkind()...), switches})
	if err != nil {
		panic(err) // texts only: cannot fail
	}
	return raw
}
