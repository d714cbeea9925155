package sim

import (
	"maps"
	"regexp"
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// attribute is what users need of a custom attribute of their schema.
type attribute struct {
	*resource.Member
	enabled, unique bool
}

// schema is what the users of an environment have.
type schema struct {
	attributes map[string]*attribute // custom ones. What is disabled has values, but nobody sees them
	shape      *resource.Member      // the declared members and the custom ones that are enabled
	makers     map[string]maker      // of the members of seeded users, by their paths
	listed     []madeMember          // what lists show of seeded users
}

// schema is read again when its attributes have changed.
func (e *environment) schema() *schema { return e.schemas.get(e.structure, e.readSchema) }

func (e *environment) readSchema() *schema {
	shape := *e.server.resources.Type("users").Members
	shape.Children = slices.Clone(shape.Children)
	out := &schema{make(map[string]*attribute), &shape, maps.Clone(seededMakers), nil}
	for _, row := range e.rows.Read("schemas/" + e.rows.Read("schemas").Only().ID + "/attributes").All() {
		if row.Members["schemaType"] != "CUSTOM" {
			continue
		}
		a := attributeOf(row.Members)
		out.attributes[a.Name] = a
		if seeded := e.people.Custom(a.Name); seeded != nil && row.ID == data.NamedID(e.id+"/schemas/user/attributes/"+a.Name) {
			out.makers[a.Name] = maker{value: func(s *subject) any { return seeded(s.index) }}
		}
	}
	for _, name := range sortedKeys(out.attributes) {
		if a := out.attributes[name]; a.enabled {
			shape.Children = append(shape.Children, a.Member)
		}
	}
	out.listed = out.made(&shape, "")
	return out
}

// attributeOf reads the row of an attribute.
func attributeOf(row map[string]any) *attribute {
	least := 1
	m := &resource.Member{
		Name: resource.First(row, "name"), Kind: resource.String, List: row["multiValued"] == true, Required: row["required"] == true, Min: &least,
	}
	if row["type"] == "JSON" {
		m.Kind = resource.Object
	}
	values, _ := row["enumeratedValues"].([]any)
	for _, v := range values {
		if v, ok := v.(map[string]any); ok && v["archived"] != true {
			m.Allowed = append(m.Allowed, resource.First(v, "value"))
		}
	}
	if pattern := resource.First(row, "regexValidation.pattern"); pattern != "" {
		m.Pattern, _ = regexp.Compile(pattern) // checked when it was stored
	}
	return &attribute{Member: m, enabled: row["enabled"] == true, unique: row["unique"] == true && row["enabled"] == true}
}

// storeAttribute holds an attribute against the rules: core and standard ones
// stay as they are.
func storeAttribute(p *place, old, row *resource.Row) {
	m := row.Members
	values := m["enumeratedValues"] != nil
	switch {
	case old != nil && old.Members["schemaType"] != "CUSTOM":
		panic(constraint("schemaType", "Only custom attributes can be changed."))
	case m["type"] != "STRING" && m["type"] != "JSON":
		panic(invalidValue("type", "is not an allowed value"))
	case m["type"] != "STRING" && (m["unique"] == true || values || m["regexValidation"] != nil):
		panic(constraint("type", "unique, enumeratedValues and regexValidation are for attributes of type STRING."))
	case values && m["regexValidation"] != nil:
		panic(constraint("regexValidation", "An attribute with enumeratedValues cannot have regexValidation."))
	case m["unique"] == true && m["multiValued"] == true:
		panic(constraint("unique", "A multi-valued attribute cannot be unique."))
	}
	if m["regexValidation"] != nil {
		pattern := resource.First(m, "regexValidation.pattern")
		_, err := regexp.Compile(pattern)
		if err != nil || pattern == "" || resource.First(m, "regexValidation.requirements") == "" {
			panic(invalidValue("regexValidation", "needs a valid pattern and its requirements"))
		}
	}
}

// removeAttribute drops an attribute with its values.
func removeAttribute(p *place, row *resource.Row) *resource.Row {
	if row.Members["schemaType"] != "CUSTOM" {
		panic(constraint("schemaType", "Only custom attributes can be deleted."))
	}
	e := p.call.environment
	for _, versions := range e.written {
		for k, v := range versions {
			if v.row != nil {
				versions[k].row = copied(v.row)
				delete(versions[k].row.Members, resource.First(row.Members, "name"))
			}
		}
	}
	return nil
}
