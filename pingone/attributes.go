package pingone

import (
	"context"
	"encoding/json"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// discovery finds columns of a table that no declaration can name.
type discovery func(ctx context.Context, c *Directory, t *catalog.Table, environment string) ([]catalog.Column, map[string]catalog.Filter, error)

// discoveries are the hooks that declarations refer to by name.
var discoveries = map[string]discovery{"user_attributes": userAttributes}

// userSchema is the name of the schema that describes users.
const userSchema = "User"

const schemaPermission = "dir:read:schema, as in the role Identity Data Admin"

// attribute is an attribute of the user schema.
type attribute struct {
	Name, DisplayName, Description, Type string
	Enabled                              *bool
	MultiValued                          bool
	AllowsContainsOperator               bool
	SubAttributes                        []attribute
	EnumeratedValues                     []struct {
		Value    json.RawMessage
		Archived bool
	}
}

func (a attribute) enabled() bool { return a.Enabled == nil || *a.Enabled }

// userAttributes reads the environment's user schema. Attributes that are in
// use and that no declared column holds become columns, in order of name.
func userAttributes(ctx context.Context, c *Directory, t *catalog.Table, environment string) ([]catalog.Column, map[string]catalog.Filter, error) {
	base := "environments/" + url.PathEscape(environment) + "/schemas"
	found, err := c.collect(ctx, listing{address: address{path: base}, items: "schemas", endpoint: "schemas", group: groupConfiguration, permission: schemaPermission})
	if err != nil {
		return nil, nil, err
	}
	var all []struct {
		ID, Name               string
		AllowsContainsOperator bool
	}
	if err := unmarshalEach(found, &all); err != nil {
		return nil, nil, err
	}
	for _, s := range all {
		if s.Name != userSchema {
			continue
		}
		items, err := c.collect(ctx, listing{
			address: address{path: base + "/" + url.PathEscape(s.ID) + "/attributes"}, items: "attributes", endpoint: "schemas/{id}/attributes", group: groupConfiguration, permission: schemaPermission,
		})
		if err != nil {
			return nil, nil, err
		}
		var attributes []attribute
		if err := unmarshalEach(items, &attributes); err != nil {
			return nil, nil, err
		}
		columns, filters := customColumns(t, c.declared, attributes, s.AllowsContainsOperator)
		return columns, filters, nil
	}
	return nil, nil, nil
}

// customColumns turns attributes into columns after the declared ones.
func customColumns(t *catalog.Table, tables []*catalog.Table, attributes []attribute, contains bool) ([]catalog.Column, map[string]catalog.Filter) {
	known := declaredMembers(t)
	b := customBuilder{taken: takenNames(t, tables), filters: map[string]catalog.Filter{}, contains: contains}
	attributes = append([]attribute(nil), attributes...)
	sort.Slice(attributes, func(i, k int) bool { return attributes[i].Name < attributes[k].Name })
	for _, a := range attributes {
		if a.enabled() && !known[a.Name] && a.Name != "" {
			b.add(a)
		}
	}
	return b.columns, b.filters
}

// declaredMembers are the members of a row that declared columns read.
func declaredMembers(t *catalog.Table) map[string]bool {
	out := map[string]bool{"_links": true, "_embedded": true}
	for _, c := range t.Columns {
		for _, way := range splitAt(c.Source, "|") {
			out[strings.TrimSuffix(splitPath(way)[0], "[]")] = true
		}
	}
	return out
}

// takenNames are the names, in small letters, of columns and navigations.
func takenNames(t *catalog.Table, tables []*catalog.Table) map[string]bool {
	out := map[string]bool{}
	for _, c := range t.Columns {
		out[strings.ToLower(c.Name)] = true
		if c.References != nil {
			out[strings.ToLower(c.References.Forward)] = true
		}
	}
	for _, other := range tables {
		for _, c := range other.Columns {
			if c.References != nil && c.References.Table == t.Name {
				out[strings.ToLower(c.References.Backward)] = true
			}
		}
		switch m := other.ManyToMany; {
		case m == nil:
		case m.From == t.Name:
			out[strings.ToLower(m.Forward)] = true
		case m.To == t.Name:
			out[strings.ToLower(m.Backward)] = true
		}
	}
	return out
}

type customBuilder struct {
	taken    map[string]bool
	columns  []catalog.Column
	filters  map[string]catalog.Filter
	contains bool
}

func (b *customBuilder) add(a attribute) {
	source := sourceOf(a.Name)
	if a.Type == "COMPLEX" && !a.MultiValued && len(a.SubAttributes) > 0 {
		for _, sub := range a.SubAttributes {
			if sub.enabled() {
				b.column(sub, a.Name+"_"+sub.Name, source+"."+sourceOf(sub.Name))
			}
		}
		return
	}
	name := b.column(a, a.Name, source)
	if a.Type == "STRING" && !a.MultiValued {
		f := catalog.Filter{Attribute: a.Name, Operators: []predicate.Operator{predicate.OpEq, predicate.OpSw}}
		if a.AllowsContainsOperator || b.contains {
			f.Operators = append(f.Operators, predicate.OpCo)
		}
		if filterable(a.Name) {
			b.filters[name] = f
		}
	}
}

// column adds a column and returns its name.
func (b *customBuilder) column(a attribute, name, source string) string {
	c := catalog.Column{
		Name: b.free(identifier(name)), Type: customType(a), Source: source, Access: catalog.Writable,
		Sensitive: true, Custom: true, Doc: remark(a),
	}
	for _, v := range a.EnumeratedValues {
		var text string
		if !v.Archived && json.Unmarshal(v.Value, &text) == nil {
			c.Values = append(c.Values, text)
		}
	}
	b.columns = append(b.columns, c)
	return c.Name
}

func customType(a attribute) catalog.Type {
	switch {
	case a.Type == "STRING" && a.MultiValued:
		return catalog.StringList
	case a.Type == "STRING":
		return catalog.String
	case a.Type == "BOOLEAN" && !a.MultiValued:
		return catalog.Bool
	default:
		return catalog.JSON
	}
}

func remark(a attribute) string {
	if a.DisplayName != "" && a.Description != "" {
		return a.DisplayName + ": " + a.Description
	}
	return a.DisplayName + a.Description
}

// identifier replaces what a column name can't hold.
func identifier(name string) string {
	out := []byte(name)[:0:0]
	for _, r := range name {
		if r < 0x80 && (r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			out = append(out, byte(r))
		} else {
			out = append(out, '_')
		}
	}
	if len(out) > 0 && out[0] >= '0' && out[0] <= '9' {
		out = append([]byte{'_'}, out...)
	}
	return string(out)
}

// free finds a name that is not taken and takes it.
func (b *customBuilder) free(name string) string {
	out := name
	for i := 1; b.taken[strings.ToLower(out)]; i++ {
		out = name + "_Custom"
		if i > 1 {
			out += strconv.Itoa(i)
		}
	}
	b.taken[strings.ToLower(out)] = true
	return out
}

// filterable reports whether a name can stand in a filter as it is, by
// SCIM's grammar of attribute names (RFC 7644, section 3.4.2.2).
func filterable(name string) bool { return attributeForm.MatchString(name) }

var attributeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
