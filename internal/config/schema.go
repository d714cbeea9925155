package config

import (
	"encoding/json"
	"io"
	"strings"
)

// WriteSchema writes the JSON Schema (draft 2020-12) of the configuration
// file, for editors.
func WriteSchema(w io.Writer) error {
	root := object("PingOne Gateway configuration")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	for _, o := range theIndex().options {
		place(root, strings.Split(o.Path, "."), o)
	}
	properties := member(root, "properties")
	// The two shorthands.
	properties["auth"] = map[string]any{"anyOf": []any{properties["auth"], member(properties, "auth", "properties")["mode"]}}
	connections := member(properties, "connections")
	connections["additionalProperties"] = map[string]any{"anyOf": []any{
		connections["additionalProperties"],
		map[string]any{"type": "string", "description": "A connection string: Name=value pairs with semicolons between them."},
	}}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(root)
}

func object(description string) map[string]any {
	o := map[string]any{"type": "object", "properties": map[string]any{}, "additionalProperties": false}
	if description != "" {
		o["description"] = description
	}
	return o
}

// member is the object at a path of the schema.
func member(in map[string]any, path ...string) map[string]any {
	for _, name := range path {
		in, _ = in[name].(map[string]any)
	}
	return in
}

// place puts the schema of an option at its address.
func place(in map[string]any, path []string, o Option) {
	if path[0] == "*" {
		named, ok := in["additionalProperties"].(map[string]any)
		if !ok {
			named = object("")
			in["additionalProperties"] = named
			in["propertyNames"] = map[string]any{"pattern": namePattern.String()}
		}
		if o.Property != "" {
			// Any spelling of a property is allowed; the service checks them.
			named["additionalProperties"] = true
		}
		place(named, path[1:], o)
		return
	}
	properties := member(in, "properties")
	if len(path) == 1 {
		properties[path[0]] = o.schema()
		if o.Secret {
			properties[path[0]+"_file"] = map[string]any{"type": "string", "description": "File that holds " + path[0] + ". " + o.Help}
		}
		return
	}
	child, ok := properties[path[0]].(map[string]any)
	if !ok {
		child = object("")
		properties[path[0]] = child
	}
	place(child, path[1:], o)
}

func (o Option) schema() map[string]any {
	value := map[string]any{"type": o.jsonType}
	if o.jsonType == "string" && strings.HasPrefix(o.Kind, "size") || strings.HasPrefix(o.Kind, "number or") {
		value["type"] = []string{"string", "integer"}
	}
	if o.Kind == "seconds" {
		value["type"] = []string{"number", "string"}
	}
	if o.Kind == viewsCodec.kind {
		value["type"] = []string{"string", "object"}
	}
	if len(o.Values) > 0 && !o.list {
		value["enum"] = o.Values
		delete(value, "type")
	}
	if o.Min != nil && (o.jsonType == "integer" || o.jsonType == "number") && o.Kind != "seconds" {
		value["minimum"] = *o.Min
		if o.Max != nil {
			value["maximum"] = *o.Max
		}
	}
	if o.list {
		item := map[string]any{"type": "string"}
		if len(o.Values) > 0 {
			item["enum"] = o.Values
		}
		forms := []any{map[string]any{"type": "array", "items": item}, map[string]any{"type": "string"}}
		if o.Property == viewsProperty {
			forms = append(forms, map[string]any{"type": "object"})
		}
		value = map[string]any{"anyOf": forms}
	}
	value["description"] = o.Help
	if o.Default != "" {
		value["default"] = o.jsonDefault()
	}
	return value
}

func (o Option) jsonDefault() any {
	switch o.jsonType {
	case "boolean", "integer", "number":
		return json.RawMessage(o.Default)
	}
	return o.Default
}
