package documents

import (
	"bytes"
	"cmp"
	"path"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// repository has the files that the gateway does not.
const repository = "https://github.com/pingone-gateway/gateway/blob/main/"

// document is a page of the documentation.
type document struct {
	title, body string
	headings    []heading
}

// heading is one of the second level.
type heading struct{ ID, Text string }

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))

// render makes a page of Markdown at a path below /docs/. Links to documents lead to
// their pages, others to the repository. HTML in it is left out.
func render(source []byte, name string, known func(string) bool) (*document, error) {
	root := markdown.Parser().Parse(text.NewReader(source), parser.WithContext(parser.NewContext(parser.WithIDs(anchors{}))))
	d := &document{title: "Documentation"}
	var title ast.Node
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			n.Destination = []byte(linked(string(n.Destination), name, known))
		case *ast.Heading:
			if n.Level == 1 && title == nil {
				title, d.title = n, words(n, source)
			} else if id, _ := n.AttributeString("id"); n.Level == 2 {
				if id, ok := id.([]byte); ok {
					d.headings = append(d.headings, heading{string(id), words(n, source)})
				}
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return nil, err
	}
	if title != nil {
		title.Parent().RemoveChild(title.Parent(), title) // the layout has it
	}
	var out bytes.Buffer
	if err := markdown.Renderer().Render(&out, source, root); err != nil {
		return nil, err
	}
	// What is wider than the screen scrolls by itself, with the keyboard as well.
	d.body = strings.NewReplacer("<table>", `<div class="wide" tabindex="0"><table>`, "</table>", "</table></div>", "<pre>", `<pre tabindex="0">`, "<th></th>", "<td></td>").Replace(out.String())
	return d, nil
}

// words are the text of a node.
func words(n ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			out.Write(t.Segment.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}

// linked is the destination of a link on the page at a path below /docs/.
func linked(to, from string, known func(string) bool) string {
	file, anchor, hasAnchor := strings.Cut(to, "#")
	if file == "" || strings.Contains(file, ":") || strings.HasPrefix(file, "/") {
		return to
	}
	folder, _ := path.Split("docs/" + from)
	target := path.Join(folder, file)
	below, inDocs := strings.CutPrefix(withoutExtension(target), "docs/")
	switch {
	case inDocs && path.Ext(target) == ".md" && known(below):
		dir, _ := path.Split(file)
		if below == "" || strings.HasSuffix(below, "/") {
			file = cmp.Or(dir, "./")
		} else {
			file = dir + path.Base(below)
		}
	case inDocs && strings.HasPrefix(target, "docs/images/"):
	case target == "openapi.yaml":
		file = strings.TrimSuffix(file, "../openapi.yaml") + "api"
	default:
		file = repository + target
	}
	if hasAnchor {
		file += "#" + anchor
	}
	return file
}

// anchors names headings as GitHub does, so that links within the documents work in
// both places.
type anchors map[string]int

// Generate implements parser.IDs.
func (a anchors) Generate(value []byte, _ ast.NodeKind) []byte {
	var out strings.Builder
	for _, c := range strings.ToLower(strings.TrimSpace(string(value))) {
		switch {
		case c == ' ' || c == '-':
			out.WriteByte('-')
		case c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c):
			out.WriteRune(c)
		}
	}
	id := out.String()
	n := a[id]
	a[id]++
	if n > 0 {
		id += "-" + strconv.Itoa(n)
	}
	return []byte(id)
}

// Put implements parser.IDs.
func (a anchors) Put(value []byte) { a[string(value)]++ }
