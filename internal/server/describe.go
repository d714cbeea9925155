package server

import (
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// description is as much of an OpenAPI document as /docs shows.
type description struct {
	Info struct {
		Title, Version, Description string
	}
	Groups []group
}

type group struct {
	Name, Description string
	Operations        []operation
}

type operation struct {
	Method, Path, Summary, Description string
	Parameters                         []parameter
	Bodies                             []string
	Answers                            []answer
}

type parameter struct {
	Name, In, Description string
	Required              bool
}

type answer struct{ Status, Description, Types string }

// openAPI is the document's own shape.
type openAPI struct {
	Info struct {
		Title       string `yaml:"title"`
		Version     string `yaml:"version"`
		Description string `yaml:"description"`
	} `yaml:"info"`
	Tags []struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
	} `yaml:"tags"`
	Paths      yaml.MapSlice `yaml:"paths"`
	Components struct {
		Parameters map[string]openAPIParameter `yaml:"parameters"`
		Responses  map[string]openAPIResponse  `yaml:"responses"`
	} `yaml:"components"`
}

type openAPIOperation struct {
	Tags        []string           `yaml:"tags"`
	Summary     string             `yaml:"summary"`
	Description string             `yaml:"description"`
	Parameters  []openAPIParameter `yaml:"parameters"`
	RequestBody struct {
		Content map[string]any `yaml:"content"`
	} `yaml:"requestBody"`
	Responses map[string]openAPIResponse `yaml:"responses"`
}

type openAPIParameter struct {
	Ref         string `yaml:"$ref"`
	Name        string `yaml:"name"`
	In          string `yaml:"in"`
	Description string `yaml:"description"`
	Required    bool   `yaml:"required"`
}

type openAPIResponse struct {
	Ref         string         `yaml:"$ref"`
	Description string         `yaml:"description"`
	Content     map[string]any `yaml:"content"`
}

var methods = []string{"get", "post", "put", "patch", "delete"}

// describe reads an OpenAPI document for /docs.
func describe(text []byte) (*description, error) {
	var doc openAPI
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	d := &description{}
	d.Info.Title, d.Info.Version, d.Info.Description = doc.Info.Title, doc.Info.Version, doc.Info.Description
	for _, t := range doc.Tags {
		d.Groups = append(d.Groups, group{Name: t.Name, Description: t.Description})
	}
	for _, item := range doc.Paths {
		path, _ := item.Key.(string)
		if err := d.path(&doc, path, item.Value); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *description) path(doc *openAPI, path string, item any) error {
	raw, err := yaml.Marshal(item)
	if err != nil {
		return err
	}
	var shared struct {
		Parameters []openAPIParameter `yaml:"parameters"`
	}
	if err := yaml.Unmarshal(raw, &shared); err != nil {
		return err
	}
	byMethod := map[string]any{}
	if err := yaml.Unmarshal(raw, &byMethod); err != nil {
		return err
	}
	for _, m := range methods {
		if byMethod[m] == nil {
			continue
		}
		raw, err := yaml.Marshal(byMethod[m])
		if err != nil {
			return err
		}
		var o openAPIOperation
		if err := yaml.Unmarshal(raw, &o); err != nil {
			return err
		}
		o.Parameters = append(shared.Parameters, o.Parameters...)
		d.add(doc, strings.ToUpper(m), path, o)
	}
	return nil
}

func (d *description) add(doc *openAPI, method, path string, o openAPIOperation) {
	out := operation{Method: method, Path: path, Summary: o.Summary, Description: o.Description}
	for _, p := range o.Parameters {
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			p = doc.Components.Parameters[name]
		}
		out.Parameters = append(out.Parameters, parameter{Name: p.Name, In: p.In, Description: p.Description, Required: p.Required})
	}
	out.Bodies = keys(o.RequestBody.Content)
	for _, status := range keys(o.Responses) {
		r := o.Responses[status]
		if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
			r = doc.Components.Responses[name]
		}
		out.Answers = append(out.Answers, answer{Status: status, Description: r.Description, Types: strings.Join(keys(r.Content), ", ")})
	}
	tag := ""
	if len(o.Tags) > 0 {
		tag = o.Tags[0]
	}
	for i := range d.Groups {
		if d.Groups[i].Name == tag {
			d.Groups[i].Operations = append(d.Groups[i].Operations, out)
			return
		}
	}
	d.Groups = append(d.Groups, group{Name: tag, Operations: []operation{out}})
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
