package sim

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// filterSpec says what an endpoint accepts in filter. Names are case-sensitive.
type filterSpec struct {
	attributes map[string][]string // operators by attribute
	or         bool                // whether or is accepted
	noAnd      bool                // whether and is not
	booleans   string              // "quoted" or "bare" when only that is accepted
	groupPath  bool                // whether memberOfGroups[…] is accepted
}

var (
	opsEq     = []string{"eq"}
	opsEqSw   = []string{"eq", "sw"}
	opsEqSwEw = []string{"eq", "sw", "ew"}
)

// usersSpec is what users accept in an environment: the documented attributes
// and the enabled custom attributes of type STRING.
func usersSpec(attributes []*attribute, unconfirmed bool) filterSpec {
	spec := filterSpec{or: true, groupPath: true, attributes: map[string][]string{
		"enabled": opsEqSw, "population.id": opsEq, "startDate": opsEq, "endDate": opsEq,
	}}
	for _, name := range data.Names {
		spec.attributes[name] = opsEqSw
	}
	for _, name := range []string{"email", "name.given", "name.family"} {
		spec.attributes[name] = opsEqSwEw
	}
	for _, a := range attributes {
		if a.schemaType == "CUSTOM" && a.kind == "STRING" && a.enabled && !a.deleted {
			spec.attributes[a.name] = opsEqSw
		}
	}
	if unconfirmed {
		spec.attributes["id"] = opsEq
		spec.attributes["name.given"] = append(slices.Clone(opsEqSwEw), "co")
		spec.attributes["name.family"] = spec.attributes["name.given"]
	}
	return spec
}

// parse reads a filter for an endpoint, with what the switches refuse left out.
func (c *call) parse(spec filterSpec, text string) (*scim.Expr, error) {
	return spec.without(c.mood.refused, c.mood.booleans).parse(text)
}

// without takes what is refused out of a spec.
func (f filterSpec) without(refused []refusal, booleans string) filterSpec {
	f.booleans = booleans
	if len(refused) == 0 {
		return f
	}
	covered := func(attribute, operator string) bool {
		return slices.ContainsFunc(refused, func(r refusal) bool { return r.covers(attribute, operator) })
	}
	attributes := make(map[string][]string)
	for name, operators := range f.attributes {
		left := slices.DeleteFunc(slices.Clone(operators), func(op string) bool { return covered(name, op) })
		if len(left) > 0 {
			attributes[name] = left
		}
	}
	f.attributes = attributes
	f.groupPath = f.groupPath && !covered("memberOfGroups", "eq")
	f.or = f.or && !covered("", "or")
	f.noAnd = covered("", "and")
	return f
}

// parse reads a filter and checks it against the spec.
func (f filterSpec) parse(text string) (*scim.Expr, error) {
	e, err := scim.Parse(text)
	if err != nil {
		var syntax *scim.Error
		if errors.As(err, &syntax) {
			return nil, f.refuse(syntax.Message, syntax.Pos)
		}
		return nil, err
	}
	return e, f.check(e)
}

func (f filterSpec) check(e *scim.Expr) error {
	switch e.Kind {
	case scim.Not:
		return f.refuse("The operator 'not' is not supported.", e.Pos)
	case scim.And:
		if f.noAnd {
			return f.refuse("The operator 'and' is not supported.", e.Pos)
		}
	case scim.Or:
		if !f.or {
			return f.refuse("The operator 'or' is not supported.", e.Pos)
		}
	case scim.Compare:
		return f.checkComparison(e)
	case scim.Path:
		return f.checkPath(e)
	}
	for _, child := range e.Children {
		if err := f.check(child); err != nil {
			return err
		}
	}
	return nil
}

func (f filterSpec) checkComparison(e *scim.Expr) error {
	ops, ok := f.attributes[e.Attr]
	if !ok {
		return f.refuse("The attribute '"+e.Attr+"' is not supported.", e.Pos)
	}
	if !slices.Contains(ops, e.Op) {
		err := f.refuse("The operator '"+e.Op+"' is not supported for the attribute '"+e.Attr+"'.", e.Pos)
		err.details[0].InnerError.SupportedOperators = ops
		return err
	}
	if !e.Value.Quoted && !strings.EqualFold(e.Value.Text, "true") && !strings.EqualFold(e.Value.Text, "false") {
		return f.refuse("The value of '"+e.Attr+"' must be in double quotes.", e.Pos)
	}
	if quoted := f.booleans == "quoted"; e.Attr == "enabled" && f.booleans != "" && quoted != e.Value.Quoted {
		return f.refuse("The value of 'enabled' must be "+f.booleans+".", e.Pos)
	}
	return nil
}

// checkPath accepts memberOfGroups[id eq "…"] and the same with type.
func (f filterSpec) checkPath(e *scim.Expr) error {
	if !f.groupPath || e.Attr != "memberOfGroups" {
		return f.refuse("The attribute '"+e.Attr+"' is not supported.", e.Pos)
	}
	parts := []*scim.Expr{e.Children[0]}
	if parts[0].Kind == scim.And {
		parts = parts[0].Children
	}
	seen := map[string]bool{}
	for _, part := range parts {
		known := part.Kind == scim.Compare && part.Op == "eq" && part.Value.Quoted && (part.Attr == "id" || part.Attr == "type")
		if !known || seen[part.Attr] {
			return f.refuse("Only id and type with the operator 'eq' are supported in memberOfGroups.", part.Pos)
		}
		if upper := strings.ToUpper(part.Value.Text); part.Attr == "type" && upper != "DIRECT" && upper != "INDIRECT" {
			return f.refuse("The type of a membership is DIRECT or INDIRECT.", part.Pos)
		}
		seen[part.Attr] = true
	}
	if !seen["id"] {
		return f.refuse("memberOfGroups needs the id of a group.", e.Pos)
	}
	return nil
}

// refuse makes the answer to a filter that is not supported.
func (f filterSpec) refuse(message string, pos int) *apiError {
	inner := &innerError{}
	ops := map[string]bool{"and": !f.noAnd, "or": f.or}
	for name, supported := range f.attributes {
		inner.SupportedAttributes = append(inner.SupportedAttributes, name)
		for _, op := range supported {
			ops[op] = true
		}
	}
	if f.groupPath {
		inner.SupportedAttributes = append(inner.SupportedAttributes, "memberOfGroups[id]")
	}
	for op, ok := range ops {
		if ok {
			inner.SupportedOperators = append(inner.SupportedOperators, op)
		}
	}
	slices.Sort(inner.SupportedAttributes)
	slices.Sort(inner.SupportedOperators)
	return invalidRequest(detail{
		Code: "INVALID_FILTER", Target: "filter", InnerError: inner,
		Message: message + " (position " + strconv.Itoa(pos+1) + ")",
	})
}

// groupPath takes the parts of a checked memberOfGroups[…] apart.
func groupPath(e *scim.Expr) (id, kind string) {
	parts := []*scim.Expr{e.Children[0]}
	if parts[0].Kind == scim.And {
		parts = parts[0].Children
	}
	for _, part := range parts {
		if part.Attr == "id" {
			id = part.Value.Text
		} else {
			kind = strings.ToUpper(part.Value.Text)
		}
	}
	return id, kind
}

// evaluate tries a checked filter on a small resource, whose values it reads by
// attribute. Comparison ignores case; the instants of the API order as text.
func evaluate(x *scim.Expr, values func(attribute string) []string) bool {
	switch x.Kind {
	case scim.And:
		for _, child := range x.Children {
			if !evaluate(child, values) {
				return false
			}
		}
		return true
	case scim.Or:
		for _, child := range x.Children {
			if evaluate(child, values) {
				return true
			}
		}
		return false
	}
	want := fold(x.Value.Text)
	for _, v := range values(x.Attr) {
		if v == "" {
			continue
		}
		switch v = fold(v); x.Op {
		case "eq":
			if v == want {
				return true
			}
		case "sw":
			if strings.HasPrefix(v, want) {
				return true
			}
		default:
			if holds(x.Op, strings.Compare(v, want)) {
				return true
			}
		}
	}
	return false
}

// holds reports whether an operator holds of a comparison.
func holds(op string, compared int) bool {
	switch op {
	case "lt":
		return compared < 0
	case "le":
		return compared <= 0
	case "gt":
		return compared > 0
	case "ge":
		return compared >= 0
	}
	return op == "ne" && compared != 0
}
