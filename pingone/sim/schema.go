package sim

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// attribute is what users need of an attribute of their schema. Its place is that
// of its row.
type attribute struct {
	name, kind, schemaType string // kind: STRING, JSON, BOOLEAN, COMPLEX; schemaType: CORE, STANDARD, CUSTOM
	enabled, multiValued   bool
	unique                 bool
	member                 *resource.Member // of users, when it is custom
	seeded                 bool
	source                 data.Custom // valid when seeded
	deleted                bool
}

// attributeOf reads the row of an attribute.
func attributeOf(row map[string]any) *attribute {
	text := func(path string) string { return resource.First(row, path) }
	a := &attribute{
		name: text("name"), kind: text("type"), schemaType: text("schemaType"),
		enabled: row["enabled"] == true, multiValued: row["multiValued"] == true, unique: row["unique"] == true,
	}
	least := 1
	m := &resource.Member{Name: a.name, Kind: resource.String, List: a.multiValued, Required: row["required"] == true, Min: &least}
	if a.kind == "JSON" {
		m.Kind = resource.Object
	}
	values, _ := row["enumeratedValues"].([]any)
	for _, v := range values {
		if v, ok := v.(map[string]any); ok && v["archived"] != true {
			m.Allowed = append(m.Allowed, resource.First(v, "value"))
		}
	}
	if pattern := text("regexValidation.pattern"); pattern != "" {
		m.Pattern, _ = regexp.Compile(pattern) // checked when it was stored
	}
	a.member = m
	return a
}

// seedAttribute adds a seeded attribute to the schema of users.
func seedAttribute(_ *Server, e *environment, row, _ map[string]any) {
	a := attributeOf(row)
	if k := slices.Index(data.CustomNames[:], a.name); k >= 0 && a.schemaType == "CUSTOM" {
		a.seeded, a.source = true, data.Custom(k)
	}
	parts, _ := row["subAttributes"].([]any)
	for _, part := range parts {
		if part, ok := part.(map[string]any); ok {
			name, _ := part["name"].(string)
			part["id"] = data.NamedID(resource.First(row, "id") + name).String()
		}
	}
	e.attributes = append(e.attributes, a)
}

// storeAttribute holds an attribute against the rules: core and standard ones
// stay as they are.
func storeAttribute(p *place, old, row *resource.Row) error {
	m, e := row.Members, p.call.environment
	values := m["enumeratedValues"] != nil
	switch {
	case old != nil && old.Members["schemaType"] != "CUSTOM":
		return constraint("schemaType", "Only custom attributes can be changed.")
	case old != nil && m["name"] != old.Members["name"]:
		return constraint("name", "An attribute cannot be renamed.")
	case m["type"] != "STRING" && m["type"] != "JSON":
		return invalidValue("type", "is not an allowed value")
	case m["type"] != "STRING" && (m["unique"] == true || values || m["regexValidation"] != nil):
		return constraint("type", "unique, enumeratedValues and regexValidation are for attributes of type STRING.")
	case values && m["regexValidation"] != nil:
		return constraint("regexValidation", "An attribute with enumeratedValues cannot have regexValidation.")
	case m["unique"] == true && m["multiValued"] == true:
		return constraint("unique", "A multi-valued attribute cannot be unique.")
	}
	if m["regexValidation"] != nil {
		pattern := resource.First(m, "regexValidation.pattern")
		_, err := regexp.Compile(pattern)
		if err != nil || pattern == "" || resource.First(m, "regexValidation.requirements") == "" {
			return invalidValue("regexValidation", "needs a valid pattern and its requirements")
		}
	}
	a := attributeOf(m)
	if old == nil {
		e.attributes = append(e.attributes, a)
	} else {
		k, _ := p.rows.Place(old.ID)
		a.seeded, a.source = e.attributes[k].seeded, e.attributes[k].source
		e.attributes[k] = a
	}
	e.restructure()
	return nil
}

// removeAttribute drops an attribute with its values.
func removeAttribute(p *place, row *resource.Row) (*resource.Row, error) {
	if row.Members["schemaType"] != "CUSTOM" {
		return nil, constraint("schemaType", "Only custom attributes can be deleted.")
	}
	k, _ := p.rows.Place(row.ID)
	p.call.environment.attributes[k].deleted = true
	p.call.environment.restructure()
	return nil, nil
}

// usersShape are the members of users: the declared ones and the custom
// attributes in use.
func usersShape(p *place) *resource.Member {
	out := *p.generic.kind.Members
	out.Children = slices.Clone(out.Children)
	for _, a := range p.call.environment.attributes {
		if a.inUse() {
			out.Children = append(out.Children, a.member)
		}
	}
	return &out
}

// inUse reports whether rows of users have the attribute as a custom one.
func (a *attribute) inUse() bool { return a.schemaType == "CUSTOM" && a.enabled && !a.deleted }

// texts are the values of the attribute in a row: JSON text for JSON attributes,
// plain strings otherwise.
func (a *attribute) texts(v any) (out []string) {
	list, ok := v.([]any)
	if !ok && v != nil {
		list = []any{v}
	}
	for _, item := range list {
		if text, ok := item.(string); ok && a.kind != "JSON" {
			out = append(out, text)
			continue
		}
		raw, _ := json.Marshal(item) // it came from JSON
		out = append(out, string(raw))
	}
	return out
}
