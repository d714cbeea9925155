package documents

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// description is as much of an OpenAPI document as its page shows.
type description struct {
	Version, About string
	Groups         []group
}

type group struct {
	Name, Description string
	Operations        []operation
}

type operation struct {
	ID, Method, Path, Summary, Description string
	Parameters                             []parameter
	// Bodies are the forms that the operation takes.
	Bodies  []content
	Answers []answer
	// Try is false for operations of another listener, and for those that send
	// browsers elsewhere.
	Try bool
}

type parameter struct {
	Name, In, Description, Example string
	Required                       bool
	Values                         []string
}

// content is a form of a body.
type content struct{ Type, Schema, Example string }

type answer struct {
	Status, Description string
	Bodies              []content
}

// document of OpenAPI: openapi.yaml uses no more of it.
type openAPI struct {
	Info struct{ Version, Description string }
	Tags []struct{ Name, Description string }
	// Paths are operations by their methods; "parameters" are those of all.
	Paths      map[string]map[string]json.RawMessage
	Components struct {
		Parameters    map[string]openParameter
		RequestBodies map[string]openBody
		Responses     map[string]openBody
		Schemas       map[string]*schema
	}
}

type openOperation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Parameters                        []openParameter
	RequestBody                       *openBody
	Responses                         map[string]openBody
}

type openParameter struct {
	Ref                   string `json:"$ref"`
	Name, In, Description string
	Required              bool
	Schema                *schema
	Example               any
}

type openBody struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]openContent
}

type openContent struct {
	Schema  *schema
	Example any
}

var methods = []string{"get", "post", "put", "patch", "delete"}

// describe reads an OpenAPI document.
func describe(text []byte) (*description, error) {
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	var doc openAPI
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	d := &description{Version: doc.Info.Version, About: doc.Info.Description}
	for _, t := range doc.Tags {
		d.Groups = append(d.Groups, group{Name: t.Name, Description: t.Description})
	}
	for _, path := range sorted(doc.Paths) {
		var shared []openParameter
		if p := doc.Paths[path]["parameters"]; p != nil {
			if err := json.Unmarshal(p, &shared); err != nil {
				return nil, err
			}
		}
		for _, method := range methods {
			raw := doc.Paths[path][method]
			if raw == nil {
				continue
			}
			var o openOperation
			if err := json.Unmarshal(raw, &o); err != nil {
				return nil, err
			}
			o.Parameters = append(slices.Clip(shared), o.Parameters...)
			d.add(&doc, strings.ToUpper(method), path, o)
		}
	}
	return d, nil
}

func (d *description) add(doc *openAPI, method, path string, o openOperation) {
	out := operation{ID: o.OperationID, Method: method, Path: path, Summary: o.Summary, Description: o.Description}
	for _, p := range o.Parameters {
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			p = doc.Components.Parameters[name]
		}
		s := doc.resolve(p.Schema)
		out.Parameters = append(out.Parameters, parameter{
			Name: p.Name, In: p.In, Description: p.Description, Required: p.Required,
			Example: plain(cmp.Or(p.Example, s.Example)), Values: texts(s.Enum),
		})
	}
	if o.RequestBody != nil {
		out.Bodies = doc.bodies(*o.RequestBody, doc.Components.RequestBodies, "#/components/requestBodies/")
	}
	for _, status := range sorted(o.Responses) {
		r := o.Responses[status]
		if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
			r.Description = doc.Components.Responses[name].Description
		}
		out.Answers = append(out.Answers, answer{status, r.Description, doc.bodies(r, doc.Components.Responses, "#/components/responses/")})
	}
	tag := cmp.Or(slices.Concat(o.Tags, []string{"Others"})[0], "Others")
	out.Try = tag != "Operation" && tag != "Sign-in"
	at := slices.IndexFunc(d.Groups, func(g group) bool { return g.Name == tag })
	if at < 0 {
		at, d.Groups = len(d.Groups), append(d.Groups, group{Name: tag})
	}
	d.Groups[at].Operations = append(d.Groups[at].Operations, out)
}

// bodies are the forms of a body, JSON first.
func (doc *openAPI) bodies(b openBody, named map[string]openBody, where string) (out []content) {
	if name, ok := strings.CutPrefix(b.Ref, where); ok {
		b = named[name]
	}
	for _, kind := range sorted(b.Content) {
		c := b.Content[kind]
		out = append(out, content{Type: kind, Schema: doc.outline(c.Schema, "", 0), Example: example(c.Example)})
	}
	return out
}

// example is an example as it is sent.
func example(v any) string {
	if text, ok := v.(string); ok || v == nil {
		return text
	}
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return ""
	}
	return string(raw)
}

// plain is a value as it stands in an address.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	default:
		return example(v)
	}
}

func texts(values []any) (out []string) {
	for _, v := range values {
		out = append(out, plain(v))
	}
	return out
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
