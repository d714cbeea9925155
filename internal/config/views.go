package config

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/yamlnode"
)

// SavedView is a query that appears as a view.
type SavedView struct{ Name, SQL string }

// viewsProperty lists the views to show. In the file it may hold their queries, too,
// which are UserDefinedViews then.
const viewsProperty = "Views"

// The bounds of views.
const (
	maxViews     = 200
	maxViewsFile = 1 << 20
)

// SavedViews reads the connection's views, in the order of the file. Errors are
// gwerr.Config.
func (n *Connection) SavedViews() ([]SavedView, error) {
	text, where := n.UserDefinedViews, "connections."+n.Name+".user_defined_views"
	if text == "" {
		return nil, nil
	}
	if !strings.HasPrefix(text, "{") {
		where += " (" + text + ")"
		raw, err := os.ReadFile(text)
		if err != nil {
			return nil, gwerr.Wrap(gwerr.Config, err, where+": the file can't be read.", "Check its path and rights.")
		}
		if len(raw) > maxViewsFile {
			return nil, gwerr.New(gwerr.Config, where+": the file is longer than 1 MiB.", "Keep what is used.")
		}
		text = string(raw)
	}
	node, problem := yamlnode.Parse([]byte(text))
	if problem != nil {
		return nil, gwerr.Newf(gwerr.Config, "%s, line %d: %s.", where, problem.Line, problem.Message)
	}
	if node == nil {
		return nil, nil
	}
	pairs, ok := yamlnode.Pairs(node)
	if !ok {
		return nil, gwerr.New(gwerr.Config, where+": there are no names.", "Write Name: SELECT …, one below the other.")
	}
	views, err := viewsOf(pairs)
	if err != nil {
		return nil, gwerr.New(gwerr.Config, where+": "+err.Error()+".", "Write Name: SELECT …, one below the other.")
	}
	return views, nil
}

// viewsOf reads names with a query each: as a text, or as the connector has it,
// under the key query.
func viewsOf(pairs []*ast.MappingValueNode) ([]SavedView, error) {
	if len(pairs) > maxViews {
		return nil, fmt.Errorf("there are more than %d views", maxViews)
	}
	var out []SavedView
	taken := map[string]bool{}
	for _, kv := range pairs {
		name := kv.Key.GetToken().Value
		query := kv.Value
		if inner, ok := yamlnode.Pairs(query); ok && len(inner) == 1 && strings.EqualFold(inner[0].Key.GetToken().Value, "query") {
			query = inner[0].Value
		}
		text, ok := yamlnode.Scalar(query)
		switch {
		case !namePattern.MatchString(name):
			return nil, fmt.Errorf("the name %q has something else than letters, digits, - and _", shorten(name))
		case !ok || strings.TrimSpace(text) == "":
			return nil, fmt.Errorf("the view %s has no query", name)
		case taken[strings.ToLower(name)]:
			return nil, fmt.Errorf("the view %s is there twice", name)
		}
		taken[strings.ToLower(name)] = true
		out = append(out, SavedView{name, text})
	}
	return out, nil
}

// views sets the option to views that stand in the file itself, as JSON.
func (l *loader) views(file string, o *Option, name string, n ast.Node, pairs []*ast.MappingValueNode) {
	views, err := viewsOf(pairs)
	if err != nil {
		l.problem(o.at(name), at(file, n), "Write Name: SELECT …, one below the other.", "%s.", err)
		return
	}
	var b strings.Builder
	for i, v := range views {
		key, _ := json.Marshal(v.Name) // a text can't fail
		text, _ := json.Marshal(v.SQL)
		b.WriteString(map[bool]string{true: "{", false: ", "}[i == 0] + string(key) + ": " + string(text))
	}
	if len(views) > 0 {
		b.WriteByte('}')
	}
	l.apply(o, name, b.String(), at(file, n))
}
