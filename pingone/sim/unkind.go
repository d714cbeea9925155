package sim

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

//go:embed switches.yaml
var switchesFile []byte

// Switch describes one way in which the simulator can be unkind.
type Switch struct {
	Name  string `json:"name"`
	Takes string `json:"-" yaml:"takes"`  // what may stand behind =; empty: nothing
	Value string `json:"value,omitempty"` // the default of it
	Doc   string `json:"doc"`
}

var switches = sync.OnceValue(func() (out []Switch) {
	if err := yaml.UnmarshalWithOptions(switchesFile, &out, yaml.Strict()); err != nil {
		panic(err) // the file is part of the program
	}
	return out
})

// Switches lists the ways of being unkind, in the order of the documentation.
func Switches() []Switch { return slices.Clone(switches()) }

// unkindness is what the switches say. It is never changed once it is in force.
type unkindness struct {
	texts   []string           // the switches as they were set
	set     map[string]setting // of each switch that there is
	refused []refusal
	phases  []Fault
}

// setting is what a switch says; the zero value is that of one that is off. What
// the switch takes tells which members have a value.
type setting struct {
	on           bool
	most, second int
	part         float64
	span         time.Duration
	word         string
}

// of is the setting of a switch.
func (u *unkindness) of(name string) setting {
	s, known := u.set[name]
	if !known {
		panic("there is no switch " + name)
	}
	return s
}

// respells reports whether JSON is written in another way.
func (u *unkindness) respells() bool {
	return slices.ContainsFunc(u.texts, func(text string) bool { return strings.HasPrefix(text, "json-") })
}

// refusal is an attribute or operator that filters may not use; an empty part
// stands for all.
type refusal struct{ attribute, operator string }

func (r refusal) covers(attribute, operator string) bool {
	return (r.attribute == "" || r.attribute == attribute) && (r.operator == "" || r.operator == operator)
}

// turnOn sets a switch to what stands behind its =.
func (u *unkindness) turnOn(s Switch, text string) (err error) {
	v, words := setting{on: true}, strings.Fields(s.Takes+" . . .")
	switch {
	case s.Takes == "" && text != "":
		err = fmt.Errorf("takes no value, not %q", text)
	case s.Takes == "part":
		if v.part, err = strconv.ParseFloat(text, 64); err != nil || !(v.part >= 0.001 && v.part <= 1) { // NaN is neither
			err = fmt.Errorf("must be a number from 0.001 to 1, not %q", text)
		}
	case s.Takes == "duration":
		v.span, err = span(text)
	case s.Takes == "lag":
		if v.most, err = strconv.Atoi(text); err != nil || v.most < 1 {
			v.span, err = span(text)
		}
	case s.Takes == "filter":
		err = u.refuseFilter(text, s.Value)
	case s.Takes == "pair":
		first, second, _ := strings.Cut(text, "+")
		var wrong error
		v.most, err = whole(first, 1, 1e9)
		v.second, wrong = whole(cmp.Or(second, "0"), 0, 1e9)
		err = errors.Join(err, wrong)
	case words[0] == "phase" || words[0] == "end":
		status, _ := strconv.Atoi(words[2])
		err = u.phase(text, s.Value, status, words[0] == "end")
	case words[1] == "or":
		if v.word = text; text != words[0] && text != words[2] {
			err = fmt.Errorf("must be %s, not %q", s.Takes, text)
		}
	case words[1] == "to":
		least, _ := strconv.Atoi(words[0])
		most, _ := strconv.Atoi(words[2])
		v.most, err = whole(text, least, most)
	}
	u.set[s.Name] = v
	return err
}

// whole reads a whole number within bounds.
func whole(text string, least, most int) (int, error) {
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > most {
		return 0, fmt.Errorf("must be a whole number from %d to %d, not %q", least, most, text)
	}
	return v, nil
}

// span reads a positive duration.
func span(text string) (time.Duration, error) {
	v, err := time.ParseDuration(text)
	if err != nil || v <= 0 {
		return 0, fmt.Errorf("must be a duration such as 30s, not %q", text)
	}
	return v, nil
}

// phase refuses calls with a status: after so many, for a while such as 5, 30s or
// 20+5, or for ever. @ and a path limit it.
func (u *unkindness) phase(text, usual string, status int, ever bool) (err error) {
	text, path, limited := strings.Cut(text, "@")
	if !limited {
		path = "/v1/**"
	}
	f := Fault{Match: "* " + path, Do: "status", Status: status}
	after, length, both := strings.Cut(cmp.Or(text, usual), "+")
	if !both && !ever {
		after, length = "0", after
	}
	if f.After, err = whole(after, 0, 1e9); err != nil {
		return err
	}
	if ever {
		second := 1
		f.Times, f.RetryAfter = -1, &second
	} else if f.Times, err = whole(length, 1, 1e9); err != nil {
		lasts, err := span(length)
		if err != nil {
			return fmt.Errorf("must be such as 5, 30s or 20+5, not %q", text)
		}
		f.For = Duration(lasts)
	}
	u.phases = append(u.phases, f)
	return f.validate()
}

var filterOperators = []string{"eq", "sw", "ew", "co", "lt", "and", "or"}

func (u *unkindness) refuseFilter(text, form string) error {
	attribute, operator := strings.TrimPrefix(text, form), ""
	if at := strings.LastIndexByte(text, ':'); at >= 0 && (at == 0 || slices.Contains(filterOperators, text[at+1:])) {
		attribute, operator = text[:at], text[at+1:]
	}
	if attribute == "" && !slices.Contains(filterOperators, operator) {
		return fmt.Errorf("needs an attribute, an operator of %s, or both, such as title:sw, not %q", strings.Join(filterOperators, ", "), text)
	}
	u.refused = append(u.refused, refusal{attribute, operator})
	return nil
}

// parseUnkind reads a list such as "short-pages,cursor-ttl=30s".
func parseUnkind(text string) (*unkindness, error) {
	u := &unkindness{set: make(map[string]setting)}
	known := make(map[string]Switch)
	for _, s := range switches() {
		u.set[s.Name], known[s.Name] = setting{}, s
	}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		s, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("there is no unkindness %q; there are %s", name, strings.Join(sortedKeys(known), ", "))
		}
		if err := u.turnOn(s, cmp.Or(value, s.Value)); err != nil {
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
