package sim

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// compile turns a checked filter into a test of rows; leaf does so for what is
// not And or Or. No filter takes every row.
func compile[T any](x *scim.Expr, leaf func(x *scim.Expr) func(T) bool) func(T) bool {
	if x == nil {
		return func(T) bool { return true }
	}
	if x.Kind != scim.And && x.Kind != scim.Or {
		return leaf(x)
	}
	tests := make([]func(T) bool, len(x.Children))
	for k, child := range x.Children {
		tests[k] = compile(child, leaf)
	}
	decides := x.Kind == scim.Or
	return func(row T) bool {
		for _, test := range tests {
			if test(row) == decides {
				return decides
			}
		}
		return !decides
	}
}

// leaf makes the test of a comparison with the values that rows of a shape have at
// a path, or with any of several beginnings of them.
func leaf[T any](x *scim.Expr, shape *resource.Member, exact bool, values func(row T, path string) []string) func(T) bool {
	want := x.Value.Text
	if m := shape.At(x.Attr); m != nil && m.IsTime() {
		want = asInstant(want)
	}
	test := comparison(x.Op, want, exact)
	if x.Children != nil {
		test = startsWithAny(x.Children)
	}
	return func(row T) bool { return slices.ContainsFunc(values(row, x.Attr), test) }
}

// eachComparison visits the comparisons in a filter.
func eachComparison(x *scim.Expr, visit func(x *scim.Expr)) {
	if x == nil {
		return
	}
	if x.Kind == scim.Compare {
		visit(x)
	}
	for _, child := range x.Children {
		eachComparison(child, visit)
	}
}

// comparison makes the test of a text by an operator: in any case, unless case
// counts. The instants of the API order as text.
func comparison(op, want string, exact bool) func(v string) bool {
	if exact {
		return func(v string) bool { return holds(op, v, want) }
	}
	want = fold(want)
	return func(v string) bool {
		switch {
		case v == "":
			return false
		case op == "eq": // the usual ones need no copy of the text
			return strings.EqualFold(v, want)
		case op == "sw":
			return foldPrefix(v, want)
		}
		return holds(op, fold(v), want)
	}
}

// holds applies an operator of filters to texts.
func holds(op, v, want string) bool {
	switch op {
	case "eq":
		return v == want
	case "ne":
		return v != want
	case "sw":
		return strings.HasPrefix(v, want)
	case "ew":
		return strings.HasSuffix(v, want)
	case "co":
		return strings.Contains(v, want)
	case "lt":
		return v < want
	case "le":
		return v <= want
	case "gt":
		return v > want
	case "ge":
		return v >= want
	}
	return false
}

// filterSpec says what an endpoint accepts in filter: operators by attribute.
// Names are case-sensitive. What joins conditions stands under no name, and
// memberOfGroups is a value path.
type filterSpec struct {
	target     string // what refusals name
	attributes map[string]resource.Words
	booleans   string // "quoted" or "bare" when only that is accepted
}

const memberOfGroups = "memberOfGroups"

// specOf is what the endpoint of a declared resource accepts.
func specOf(t *resource.Type, groups bool) filterSpec {
	attributes := map[string]resource.Words{"": {"and"}}
	maps.Copy(attributes, t.Filters)
	if t.Or {
		attributes[""] = resource.Words{"and", "or"}
	}
	if groups {
		attributes[memberOfGroups] = resource.Words{"eq"}
	}
	return filterSpec{target: "filter", attributes: attributes}
}

// usersSpec is what users accept in an environment: the declared attributes and
// the custom attributes of type STRING that are in use.
func (e *environment) usersSpec() filterSpec {
	spec := specOf(e.server.resources.Type("users"), true)
	for name, a := range e.schema().attributes {
		if a.enabled && a.Kind == resource.String {
			spec.attributes[name] = resource.Words{"eq", "sw"}
		}
	}
	if e.server.opt.Unconfirmed {
		spec.attributes["id"] = resource.Words{"eq"}
		for _, name := range []string{"name.given", "name.family"} {
			spec.attributes[name] = resource.Words{"eq", "sw", "ew", "co"}
		}
	}
	return spec
}

// parse reads a filter for an endpoint, with what the switches refuse left out;
// empty text gives none.
func (c *call) parse(spec filterSpec, text string) *scim.Expr {
	if text == "" {
		return nil
	}
	left := filterSpec{"filter", make(map[string]resource.Words), c.mood.of("booleans").word}
	for name, operators := range spec.attributes {
		operators = slices.DeleteFunc(slices.Clone(operators), func(op string) bool {
			return slices.ContainsFunc(c.mood.refused, func(r refusal) bool { return r.covers(name, op) })
		})
		if len(operators) > 0 {
			left.attributes[name] = operators
		}
	}
	return left.parse(text)
}

// parse reads a filter and checks it against the spec.
func (f filterSpec) parse(text string) *scim.Expr {
	e, err := scim.Parse(text)
	if syntax := (*scim.Error)(nil); errors.As(err, &syntax) {
		panic(f.refuse(syntax.Message, syntax.Pos))
	}
	f.check(e)
	return e
}

func (f filterSpec) check(e *scim.Expr) {
	switch e.Kind {
	case scim.Compare:
		f.checkComparison(e)
		return
	case scim.Path:
		f.checkPath(e)
		return
	case scim.And, scim.Or, scim.Not:
		if op := [...]string{"and", "or", "not"}[e.Kind]; !slices.Contains(f.attributes[""], op) {
			panic(f.refuse("The operator '"+op+"' is not supported.", e.Pos))
		}
	}
	for _, child := range e.Children {
		f.check(child)
	}
}

func (f filterSpec) checkComparison(e *scim.Expr) {
	ops, ok := f.attributes[e.Attr]
	isBoolean, quoted := strings.EqualFold(e.Value.Text, "true") || strings.EqualFold(e.Value.Text, "false"), f.booleans == "quoted"
	switch {
	case !ok || e.Attr == memberOfGroups:
		panic(f.refuse("The attribute '"+e.Attr+"' is not supported.", e.Pos))
	case !slices.Contains(ops, e.Op):
		err := f.refuse("The operator '"+e.Op+"' is not supported for the attribute '"+e.Attr+"'.", e.Pos)
		err.Details[0].InnerError.SupportedOperators = ops
		panic(err)
	case !e.Value.Quoted && !isBoolean:
		panic(f.refuse("The value of '"+e.Attr+"' must be in double quotes.", e.Pos))
	case e.Attr == "enabled" && f.booleans != "" && quoted != e.Value.Quoted:
		panic(f.refuse("The value of 'enabled' must be "+f.booleans+".", e.Pos))
	}
}

// checkPath accepts memberOfGroups[id eq "…"] and the same with type.
func (f filterSpec) checkPath(e *scim.Expr) {
	if e.Attr != memberOfGroups || f.attributes[memberOfGroups] == nil {
		panic(f.refuse("The attribute '"+e.Attr+"' is not supported.", e.Pos))
	}
	seen := map[string]bool{}
	for _, part := range pathParts(e) {
		known := part.Kind == scim.Compare && part.Op == "eq" && part.Value.Quoted && (part.Attr == "id" || part.Attr == "type")
		if !known || seen[part.Attr] {
			panic(f.refuse("Only id and type with the operator 'eq' are supported in memberOfGroups.", part.Pos))
		}
		if upper := strings.ToUpper(part.Value.Text); part.Attr == "type" && upper != "DIRECT" && upper != "INDIRECT" {
			panic(f.refuse("The type of a membership is DIRECT or INDIRECT.", part.Pos))
		}
		seen[part.Attr] = true
	}
	if !seen["id"] {
		panic(f.refuse("memberOfGroups needs the id of a group.", e.Pos))
	}
}

// pathParts are the conditions in attribute[…].
func pathParts(e *scim.Expr) []*scim.Expr {
	if inner := e.Children[0]; inner.Kind == scim.And {
		return inner.Children
	}
	return e.Children
}

// groupPath gives what a checked memberOfGroups[…] asks for.
func groupPath(e *scim.Expr) (id, kind string) {
	for _, part := range pathParts(e) {
		if part.Attr == "id" {
			id = part.Value.Text
		} else {
			kind = strings.ToUpper(part.Value.Text)
		}
	}
	return id, kind
}

// refuse makes the answer to a filter that is not supported.
func (f filterSpec) refuse(message string, pos int) *apiError {
	inner := &innerError{}
	for name, operators := range f.attributes {
		inner.SupportedOperators = append(inner.SupportedOperators, operators...)
		if name == memberOfGroups {
			name += "[id]"
		}
		if name != "" {
			inner.SupportedAttributes = append(inner.SupportedAttributes, name)
		}
	}
	slices.Sort(inner.SupportedAttributes)
	slices.Sort(inner.SupportedOperators)
	inner.SupportedOperators = slices.Compact(inner.SupportedOperators)
	return invalidRequest(detail{
		Code: "INVALID_FILTER", Target: f.target, InnerError: inner,
		Message: message + " (position " + strconv.Itoa(pos+1) + ")",
	})
}

// foldRune maps every rune to the smallest of its simple case variants.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// fold maps a string so that strings which differ by case alone become equal.
func fold(s string) string { return strings.Map(foldRune, s) }

// foldHash hashes a folded string without building it (FNV-1a).
func foldHash(s string) uint32 {
	h := uint32(2166136261)
	for _, r := range s {
		h = (h ^ uint32(foldRune(r))) * 16777619
	}
	return h
}

// foldPrefix reports whether s starts with a folded prefix.
func foldPrefix(s, prefix string) bool {
	for _, want := range prefix {
		if s == "" {
			return false
		}
		got, size := utf8.DecodeRuneInString(s)
		if foldRune(got) != want {
			return false
		}
		s = s[size:]
	}
	return true
}
