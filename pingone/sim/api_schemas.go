package sim

import (
	"encoding/json"
	"net/http"
	"regexp"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

func (s *Server) appendSchema(dst []byte, c *call) []byte {
	e := c.environment
	address := c.base + "/environments/" + e.id.String() + "/schemas/" + e.schema.String()
	o := open(dst)
	links := o.child("_links")
	links.link("self", address)
	links.link("environment", c.base, "/environments/", e.id.String())
	links.link("attributes", address, "/attributes")
	o.end(links)
	o.id(e.schema)
	o.ref("environment", e.id)
	o.text("name", "User")
	o.text("description", "User schema")
	o.bool("allowsContainsOperator", s.opt.Unconfirmed)
	return o.close()
}

func (s *Server) listSchemas(c *call) (reply, error) {
	return c.wholeCollection("schemas", 1, func(dst []byte, _ int) []byte { return s.appendSchema(dst, c) }), nil
}

// checkSchema checks the schema in the path.
func (c *call) checkSchema() error {
	id, ok := data.ParseID(c.param(0))
	if !ok || id != c.environment.schema {
		return notFound("The schema does not exist.")
	}
	return nil
}

func (s *Server) readSchema(c *call) (reply, error) {
	if err := c.checkSchema(); err != nil {
		return reply{}, err
	}
	return reply{body: s.appendSchema(nil, c)}, nil
}

func (c *call) appendAttribute(dst []byte, k int) []byte {
	e := c.environment
	a := e.attributes[k]
	schema := c.base + "/environments/" + e.id.String() + "/schemas/" + e.schema.String()
	o := open(dst)
	links := o.child("_links")
	links.link("self", schema, "/attributes/", a.id.String())
	links.link("schema", schema)
	links.link("environment", c.base, "/environments/", e.id.String())
	o.end(links)
	o.id(a.id)
	o.ref("environment", e.id)
	o.ref("schema", e.schema)
	a.members(&o)
	if len(a.subAttributes) > 0 {
		o.key("subAttributes")
		o.dst = append(o.dst, '[')
		for n, name := range a.subAttributes {
			if n > 0 {
				o.dst = append(o.dst, ',')
			}
			sub := open(o.dst)
			sub.id(data.NamedID(a.id.String() + name))
			sub.ref("environment", e.id)
			sub.ref("schema", e.schema)
			(&attribute{name: name, displayName: name, kind: "STRING", schemaType: a.schemaType, enabled: true}).members(&sub)
			o.dst = sub.close()
		}
		o.dst = append(o.dst, ']')
	}
	return o.close()
}

// members writes what attributes and sub-attributes have.
func (a *attribute) members(o *object) {
	o.text("name", a.name)
	o.text("displayName", a.displayName)
	o.text("description", a.description)
	o.bool("enabled", a.enabled)
	o.bool("required", a.required)
	o.bool("unique", a.unique)
	o.bool("multiValued", a.multiValued)
	o.text("type", a.kind)
	o.text("schemaType", a.schemaType)
	o.text("ldapAttribute", a.ldap)
	if a.enumerated != nil {
		raw, _ := json.Marshal(a.enumerated) // text and flags: cannot fail
		o.raw("enumeratedValues", raw)
	}
	if a.regex != nil {
		raw, _ := json.Marshal(a.regex)
		o.raw("regexValidation", raw)
	}
}

func (s *Server) listAttributes(c *call) (reply, error) {
	if err := c.checkSchema(); err != nil {
		return reply{}, err
	}
	var living []int
	for k, a := range c.environment.attributes {
		if !a.deleted {
			living = append(living, k)
		}
	}
	return c.wholeCollection("attributes", len(living), func(dst []byte, k int) []byte { return c.appendAttribute(dst, living[k]) }), nil
}

// attribute finds the attribute that a call is about.
func (s *Server) attribute(c *call) (int, error) {
	if err := c.checkSchema(); err != nil {
		return 0, err
	}
	id, ok := data.ParseID(c.param(1))
	if ok {
		if k, ok := c.environment.ids.attributes.Index(id); ok && int(k) < len(c.environment.attributes) && !c.environment.attributes[k].deleted {
			return int(k), nil
		}
	}
	return 0, notFound("The attribute does not exist.")
}

func (s *Server) readAttribute(c *call) (reply, error) {
	k, err := s.attribute(c)
	if err != nil {
		return reply{}, err
	}
	return reply{body: c.appendAttribute(nil, k)}, nil
}

// applyAttribute reads what may be changed. With merge, what is not in the body stays.
func applyAttribute(a *attribute, b *body, merge bool) error {
	text := func(name string, into *string, most int) {
		if b.has(name) || !merge {
			*into = b.text(name, most)
		}
	}
	text("displayName", &a.displayName, 256)
	text("description", &a.description, 1024)
	if b.has("enabled") || !merge {
		a.enabled = b.bool("enabled", true)
	}
	if b.has("required") || !merge {
		a.required = b.bool("required", false)
	}
	if b.has("unique") || !merge {
		a.unique = b.bool("unique", false)
	}
	if b.has("enumeratedValues") || !merge {
		a.enumerated = nil
		b.value("enumeratedValues", &a.enumerated, "an array of {value, archived, description}")
	}
	if b.has("regexValidation") || !merge {
		a.regex = nil
		b.value("regexValidation", &a.regex, "an object")
	}
	if b.err != nil {
		return b.err
	}
	return a.check()
}

// check holds an attribute against the rules.
func (a *attribute) check() error {
	textOnly := a.unique || a.enumerated != nil || a.regex != nil
	switch {
	case a.kind != "STRING" && textOnly:
		return constraint("type", "unique, enumeratedValues and regexValidation are for attributes of type STRING.")
	case a.enumerated != nil && a.regex != nil:
		return constraint("regexValidation", "An attribute with enumeratedValues cannot have regexValidation.")
	case a.unique && a.multiValued:
		return constraint("unique", "A multi-valued attribute cannot be unique.")
	}
	if a.regex != nil {
		if _, err := regexp.Compile(a.regex.Pattern); err != nil || a.regex.Pattern == "" || a.regex.Requirements == "" {
			return invalidValue("regexValidation", "needs a valid pattern and its requirements")
		}
	}
	return nil
}

func (s *Server) createAttribute(c *call) (reply, error) {
	if err := c.checkSchema(); err != nil {
		return reply{}, err
	}
	b, err := c.readBody(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	k := len(e.attributes)
	a := &attribute{id: e.ids.attributes.ID(uint32(k)), name: b.text("name", 256), kind: b.text("type", 16), schemaType: "CUSTOM"}
	setDefault(&a.kind, "STRING")
	b.oneOf("type", a.kind, "STRING", "JSON")
	a.multiValued = b.bool("multiValued", false)
	if a.name == "" && b.err == nil {
		return reply{}, required("name")
	}
	if err := applyAttribute(a, b, false); err != nil {
		return reply{}, err
	}
	for _, other := range e.attributes {
		if !other.deleted && other.name == a.name {
			return reply{}, notUnique("name", other.id.String())
		}
	}
	e.attributes = append(e.attributes, a)
	e.restructure()
	return reply{status: http.StatusCreated, body: c.appendAttribute(nil, k), location: c.address() + "/" + a.id.String()}, nil
}

func (s *Server) replaceAttribute(c *call) (reply, error) { return s.changeAttribute(c, false) }

func (s *Server) patchAttribute(c *call) (reply, error) { return s.changeAttribute(c, true) }

func (s *Server) changeAttribute(c *call, merge bool) (reply, error) {
	k, err := s.attribute(c)
	if err != nil {
		return reply{}, err
	}
	b, err := c.readBody(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	changed := *e.attributes[k]
	if changed.schemaType != "CUSTOM" {
		return reply{}, constraint("schemaType", "Only custom attributes can be changed.")
	}
	if name := b.text("name", 256); name != "" && name != changed.name {
		return reply{}, constraint("name", "An attribute cannot be renamed.")
	}
	if err := applyAttribute(&changed, b, merge); err != nil {
		return reply{}, err
	}
	*e.attributes[k] = changed
	e.restructure()
	return reply{body: c.appendAttribute(nil, k)}, nil
}

// deleteAttribute drops the attribute with its values.
func (s *Server) deleteAttribute(c *call) (reply, error) {
	k, err := s.attribute(c)
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	if e.attributes[k].schemaType != "CUSTOM" {
		return reply{}, constraint("schemaType", "Only custom attributes can be deleted.")
	}
	e.attributes[k].deleted = true
	e.restructure()
	return reply{status: http.StatusNoContent}, nil
}
