package documents

import (
	"slices"
	"strings"
)

// schema is as much of JSON Schema as openapi.yaml uses.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 any    // a name, or several
	Format, Description  string
	Properties           map[string]*schema
	Required             []string
	Items                *schema
	AdditionalProperties any
	Enum                 []any
	Const, Example       any
	OneOf                []*schema
}

// depth bounds what an outline shows; schemas may hold themselves.
const depth = 6

// resolve follows a reference; it never returns nil.
func (doc *openAPI) resolve(s *schema) *schema {
	for range depth {
		if s == nil {
			break
		}
		name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/")
		if !ok {
			return s
		}
		s = doc.Components.Schemas[name]
	}
	return &schema{}
}

// outline is a schema for people: JSON with the names of types for values, members that
// may be missing marked by a question mark, and descriptions behind them.
func (doc *openAPI) outline(s *schema, indent string, level int) string {
	s = doc.resolve(s)
	switch {
	case level > depth:
		return "…"
	case len(s.OneOf) > 0:
		var either []string
		for _, one := range s.OneOf {
			either = append(either, doc.outline(one, indent, level+1))
		}
		return strings.Join(either, " or ")
	case len(s.Properties) > 0:
		var b strings.Builder
		b.WriteString("{\n")
		for _, name := range sorted(s.Properties) {
			p, mark := doc.resolve(s.Properties[name]), "?"
			if slices.Contains(s.Required, name) {
				mark = ""
			}
			b.WriteString(indent + "  \"" + name + "\"" + mark + ": " + doc.outline(p, indent+"  ", level+1))
			if p.Description != "" {
				b.WriteString("  // " + p.Description)
			}
			b.WriteString("\n")
		}
		return b.String() + indent + "}"
	case s.Items != nil:
		return "[" + doc.outline(s.Items, indent, level+1) + ", …]"
	}
	return doc.value(s)
}

// value is the type of a value, or the values that it may have.
func (doc *openAPI) value(s *schema) string {
	if len(s.Enum) > 0 {
		return strings.Join(texts(s.Enum), " | ")
	}
	kind := "any"
	switch t := s.Type.(type) {
	case string:
		kind = t
	case []any:
		kind = strings.Join(texts(t), " or ")
	}
	if s.Format != "" {
		kind += " (" + s.Format + ")"
	}
	return kind
}
