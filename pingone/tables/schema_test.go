package tables_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// node is the part of JSON Schema that schema.json uses.
type node struct {
	Ref        string           `json:"$ref"`
	Type       string           `json:"type"`
	Enum       []string         `json:"enum"`
	Pattern    string           `json:"pattern"`
	MinLength  int              `json:"minLength"`
	Minimum    *float64         `json:"minimum"`
	Maximum    *float64         `json:"maximum"`
	MinItems   int              `json:"minItems"`
	Items      *node            `json:"items"`
	Properties map[string]*node `json:"properties"`
	Required   []string         `json:"required"`
	Additional json.RawMessage  `json:"additionalProperties"`
	Defs       map[string]*node `json:"$defs"`
}

func readSchema(t *testing.T) *node {
	t.Helper()
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var n node
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	return &n
}

// The schema knows exactly the keys that the loader reads.
func TestSchemaKnowsTheLoadersKeys(t *testing.T) {
	t.Parallel()
	schema := readSchema(t)
	for kind, keys := range catalog.DeclarationKeys() {
		def := schema.Defs[kind]
		if def == nil {
			t.Errorf("the schema has no %s", kind)
			continue
		}
		var got []string
		for k := range def.Properties {
			got = append(got, k)
		}
		slices.Sort(got)
		slices.Sort(keys)
		if !slices.Equal(got, keys) {
			t.Errorf("%s: schema has %v, loader reads %v", kind, got, keys)
		}
		if string(def.Additional) != "false" {
			t.Errorf("%s: the schema allows unknown keys", kind)
		}
	}
}

func TestDeclarationsFollowTheSchema(t *testing.T) {
	t.Parallel()
	schema := readSchema(t)
	names, err := fs.Glob(tables.FS, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(tables.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := yaml.Unmarshal(text, &v); err != nil {
			t.Fatal(name, err)
		}
		for _, p := range validate(schema, schema, v, name) {
			t.Error(p)
		}
	}
}

func TestSchemaRefusesWhatTheLoaderRefuses(t *testing.T) {
	t.Parallel()
	schema := readSchema(t)
	for _, text := range []string{
		"table: T\nentity: E\ndoc: d\ncolumns: []\npaths: []\nsurprise: 1",
		"entity: E\ndoc: d\ncolumns: []\npaths: []",
		"table: T\nentity: E\ndoc: d\nschema: moon\ncolumns: []\npaths: []",
		"table: T\nentity: E\ndoc: d\ncolumns: [{name: A, type: colour, doc: d}]\npaths: []",
		"table: T\nentity: E\ndoc: d\ncolumns: [{name: A, type: string, doc: d, key: maybe}]\npaths: []",
	} {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if len(validate(schema, schema, v, "x")) == 0 {
			t.Errorf("accepted: %s", text)
		}
	}
}

func validate(root, n *node, v any, at string) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, at+": "+fmt.Sprintf(format, args...)) }
	if n.Ref != "" {
		return validate(root, root.Defs[strings.TrimPrefix(n.Ref, "#/$defs/")], v, at)
	}
	if len(n.Enum) > 0 {
		if s, ok := v.(string); !ok || !slices.Contains(n.Enum, s) {
			bad("%v is not one of %v", v, n.Enum)
		}
		return problems
	}
	switch n.Type {
	case "string":
		s, ok := v.(string)
		if !ok || len(s) < n.MinLength || n.Pattern != "" && !regexp.MustCompile(n.Pattern).MatchString(s) {
			bad("%v is no such text", v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			bad("%v is not true or false", v)
		}
	case "integer":
		i, ok := v.(uint64)
		if !ok || n.Minimum != nil && float64(i) < *n.Minimum || n.Maximum != nil && float64(i) > *n.Maximum {
			bad("%v is no such number", v)
		}
	case "array":
		list, ok := v.([]any)
		if !ok || len(list) < n.MinItems {
			bad("%v is no such list", v)
		}
		for i, item := range list {
			if n.Items != nil {
				problems = append(problems, validate(root, n.Items, item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	case "object":
		problems = append(problems, validateObject(root, n, v, at)...)
	}
	return problems
}

func validateObject(root, n *node, v any, at string) (problems []string) {
	m, ok := v.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s: %v is not a mapping", at, v)}
	}
	for _, k := range n.Required {
		if _, has := m[k]; !has {
			problems = append(problems, at+": lacks "+k)
		}
	}
	for k, value := range m {
		switch p := n.Properties[k]; {
		case p != nil:
			problems = append(problems, validate(root, p, value, at+"."+k)...)
		case string(n.Additional) == "false":
			problems = append(problems, at+": unknown key "+k)
		case len(n.Additional) > 0:
			var more node
			if err := json.Unmarshal(n.Additional, &more); err == nil {
				problems = append(problems, validate(root, &more, value, at+"."+k)...)
			}
		}
	}
	return problems
}
