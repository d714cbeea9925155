package resource

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// Detail is a detail of the API's error model: why a row is refused.
type Detail struct {
	Code       string      `json:"code,omitempty"`
	Target     string      `json:"target,omitempty"`
	Message    string      `json:"message,omitempty"`
	InnerError *InnerError `json:"innerError,omitempty"`
}

// InnerError is what a detail says beside its message.
type InnerError struct {
	SupportedAttributes []string `json:"supportedAttributes,omitempty"`
	SupportedOperators  []string `json:"supportedOperators,omitempty"`
	AllowedValues       []string `json:"allowedValues,omitempty"`
	ExistingID          string   `json:"existingId,omitempty"`
	RangeMinimumValue   *int     `json:"rangeMinimumValue,omitempty"`
	RangeMaximumValue   *int     `json:"rangeMaximumValue,omitempty"`
	QuotaLimit          int      `json:"quotaLimit,omitempty"`
	RetryAfter          int      `json:"retryAfter,omitempty"`
}

// Take makes a row from what a client sent, numbers as json.Number. What the
// client may not set comes from old, which is nil for a new row, and so does what
// no file declares: that is the code's own. The members are those of a shape, of
// the type or with others. exists tells whether a collection has a row of an id.
func (t *Type) Take(shape *Member, sent, old map[string]any, exists Exists) (map[string]any, *Detail) {
	c := t.checker(exists)
	if t.Variant != "" {
		c.take(t.Members, sent, old, "")
		if c.problem != nil && c.problem.Target == t.Variant {
			return nil, c.problem
		}
		c, shape = t.checker(exists), t.Shape(sent)
	}
	out := c.take(shape, sent, old, "")
	for name, v := range old {
		if shape.Child(name) == nil && !t.has(name) {
			out[name] = v
		}
	}
	return out, c.problem
}

// Exists tells whether a collection, by its name, has a row of an id.
type Exists func(collection, id string) bool

// checker reads values that a client sent.
type checker struct {
	strict  bool // a fraction given for an integer is refused, not cut
	exists  Exists
	problem *Detail // the first; nil: none
}

func (t *Type) checker(exists Exists) *checker {
	return &checker{strict: t.Numbers == "strict", exists: exists}
}

// refuse notes why a value is refused and gives nothing in its place.
func (c *checker) refuse(problem Detail) any {
	if c.problem == nil {
		c.problem = &problem
	}
	return nil
}

// wrong refuses a value that is not what it must be.
func (c *checker) wrong(at, message string) any {
	return c.refuse(Detail{Code: "INVALID_VALUE", Target: at, Message: message})
}

// TakePart makes the row that setting a part of an old one gives. What a part
// names must be sent, also what other writes leave alone.
func (t *Type) TakePart(part Part, sent, old map[string]any, exists Exists) (map[string]any, *Detail) {
	c, out := t.checker(exists), maps.Clone(old)
	if part.Of != "" {
		before, _ := old[part.Of].(map[string]any)
		out[part.Of] = c.take(t.Members.Child(part.Of), sent, before, "")
		return out, c.problem
	}
	shape := &Member{Kind: Object}
	for _, name := range part.Members {
		m := *t.Members.Child(name)
		m.ReadOnly, m.Fixed, m.Required, m.Default = false, false, true, nil
		shape.Children = append(shape.Children, &m)
	}
	maps.Copy(out, c.take(shape, sent, nil, ""))
	return out, c.problem
}

// Merge applies a patch to an object: null clears, objects merge (RFC 7396), but
// for those declared without members, which are values as a whole.
func (m *Member) Merge(row, patch map[string]any) map[string]any {
	out := maps.Clone(row)
	if out == nil {
		out = make(map[string]any)
	}
	for name, v := range patch {
		inner, isObject := v.(map[string]any)
		child := m.Child(name)
		whole := child != nil && child.Kind == Object && len(child.Children) == 0
		switch {
		case v == nil:
			delete(out, name)
		case isObject && !whole:
			before, _ := out[name].(map[string]any)
			out[name] = child.Merge(before, inner)
		default:
			out[name] = v
		}
	}
	return out
}

// take reads the members of an object.
func (c *checker) take(of *Member, sent, old map[string]any, at string) map[string]any {
	out := make(map[string]any)
	for _, m := range of.Children {
		kept, has := old[m.Name]
		v := sent[m.Name]
		switch {
		case m.Constant && old != nil && v != nil && !reflect.DeepEqual(v, kept):
			c.refuse(Detail{Code: "CONSTRAINT_VIOLATION", Target: at + m.Name, Message: "cannot be changed"})
		case m.ReadOnly || old != nil && (m.Fixed || m.Constant && !m.Required):
			if has {
				out[m.Name] = kept
			} else if m.Default != nil {
				out[m.Name] = m.Default
			}
		case v != nil:
			out[m.Name] = c.value(m, v, kept, at+m.Name)
			if id, ok := out[m.Name].(string); ok && m.Ref != "" && id != kept && !c.refers(m, id) {
				c.wrong(at+m.Name, "There is no such row in "+m.Ref+".")
			}
		case m.Default != nil:
			out[m.Name] = m.Default
		case m.Required:
			c.refuse(Detail{Code: "REQUIRED_VALUE", Target: at + m.Name, Message: "must not be null"})
		}
	}
	return out
}

// refers reports whether a collection that a member refers to has a row of an id.
func (c *checker) refers(m *Member, id string) bool {
	return slices.ContainsFunc(strings.Split(m.Ref, "|"), func(name string) bool { return c.exists(name, id) })
}

// value checks one value of a member, or all of a list.
func (c *checker) value(m *Member, v, old any, at string) any {
	if !m.List {
		before, _ := old.(map[string]any)
		return c.single(m, v, before, at)
	}
	list, ok := v.([]any)
	if !ok {
		return c.wrong(at, "must be an array")
	}
	out := make([]any, len(list))
	for k, item := range list {
		out[k] = c.single(m, item, sameItem(item, old), at+"["+strconv.Itoa(k)+"]")
	}
	return out
}

// sameItem finds the item of a list that had the id of another.
func sameItem(item, list any) map[string]any {
	object, _ := item.(map[string]any)
	old, _ := list.([]any)
	for _, o := range old {
		if before, ok := o.(map[string]any); ok && object["id"] != nil && before["id"] == object["id"] {
			return before
		}
	}
	return nil
}

// single checks one value.
func (c *checker) single(m *Member, v any, old map[string]any, at string) any {
	switch m.Kind {
	case Any:
		return v
	case Object:
		inner, ok := v.(map[string]any)
		switch {
		case !ok:
			return c.wrong(at, "must be an object")
		case len(m.Children) == 0:
			return inner
		}
		return c.take(m, inner, old, at+".")
	case Boolean:
		if _, ok := v.(bool); !ok {
			return c.wrong(at, "must be true or false")
		}
		return v
	case Integer, Number:
		n, ok := v.(json.Number)
		if !ok {
			return c.wrong(at, "must be a number")
		}
		return c.number(m, n, at)
	default: // texts
	}
	text, ok := v.(string)
	if !ok {
		return c.wrong(at, "must be a string")
	}
	return c.text(m, text, at)
}

// number checks a number; the fraction of one that must be whole is cut off.
func (c *checker) number(m *Member, n json.Number, at string) any {
	f, err := n.Float64()
	switch {
	case err != nil || m.Kind == Integer && c.strict && f != float64(int64(f)):
		return c.wrong(at, "must be a whole number")
	case m.Min != nil && f < float64(*m.Min) || m.Max != nil && f > float64(*m.Max):
		return c.refuse(Detail{Code: "OUT_OF_RANGE", Target: at, Message: "is out of range", InnerError: &InnerError{RangeMinimumValue: m.Min, RangeMaximumValue: m.Max}})
	case m.Kind == Integer && strings.ContainsAny(n.String(), ".eE"):
		return json.Number(strconv.FormatInt(int64(f), 10))
	}
	return n
}

// text checks a string or a time.
func (c *checker) text(m *Member, text, at string) any {
	switch length := utf8.RuneCountInString(text); {
	case m.Kind == Time:
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return c.wrong(at, "must be an instant such as 2026-01-31T12:00:00.000Z")
		}
	case m.Kind == UUID:
		id, ok := data.ParseID(text)
		if !ok {
			return c.wrong(at, "must be a UUID")
		}
		return id
	case text == "" && (m.Required || m.Min != nil && *m.Min > 0):
		return c.refuse(Detail{Code: "EMPTY_VALUE", Target: at, Message: "must not be empty"})
	case len(m.Allowed) > 0 && !slices.Contains(m.Allowed, text):
		return c.refuse(Detail{Code: "INVALID_VALUE", Target: at, Message: "is not an allowed value", InnerError: &InnerError{AllowedValues: m.Allowed}})
	case m.Pattern != nil && !m.Pattern.MatchString(text):
		return c.wrong(at, "must match the pattern "+m.Pattern.String())
	case m.Min != nil && length < *m.Min || m.Max != nil && length > *m.Max:
		return c.refuse(Detail{Code: "SIZE_LIMIT_EXCEEDED", Target: at, Message: "has too few or too many characters", InnerError: &InnerError{RangeMinimumValue: m.Min, RangeMaximumValue: m.Max}})
	}
	return text
}

// First gives the first of the values at a path, empty when there is none.
func First(v any, path string) string {
	if values := Values(v, path); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values gives what a filter or an order compares: the values at a path.
func Values(v any, path string) []string {
	if path == "" {
		switch v := v.(type) {
		case string:
			return []string{v}
		case bool:
			return []string{strconv.FormatBool(v)}
		case json.Number:
			return []string{v.String()}
		case []any:
			var out []string
			for _, item := range v {
				out = append(out, Values(item, "")...)
			}
			return out
		}
		return nil
	}
	if list, ok := v.([]any); ok {
		var out []string
		for _, item := range list {
			out = append(out, Values(item, path)...)
		}
		return out
	}
	object, _ := v.(map[string]any)
	head, tail, _ := strings.Cut(path, ".")
	return Values(object[head], tail)
}
