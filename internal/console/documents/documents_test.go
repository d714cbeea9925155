package documents

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	gateway "github.com/pingone-gateway/gateway"
	"github.com/pingone-gateway/gateway/internal/console"
)

// whole shows the project's own documents.
func whole(t *testing.T) *Handler {
	t.Helper()
	h, err := New(Config{
		Site: &console.Site{BaseURL: func(*http.Request) string { return "https://data.example.com/below?a&b" }}, Files: gateway.Docs,
		OpenAPI: gateway.OpenAPI, Connection: "people",
	})
	require.NoError(t, err)
	return h
}

func get(h http.Handler, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
	return w
}

var (
	anchorOf = regexp.MustCompile(` id="([^"]+)"`)
	linkOf   = regexp.MustCompile(` (?:href|src)="([^"]+)"`)
)

// Every link of every document leads to a page, to a place on it, or elsewhere.
func TestLinks(t *testing.T) {
	t.Parallel()
	h := whole(t)
	pages, places := map[string]string{}, map[string]bool{}
	for name := range h.pages {
		w := get(h, "/docs/"+name)
		require.Equal(t, http.StatusOK, w.Code, name)
		pages[name] = w.Body.String()
		assert.Less(t, w.Body.Len(), 150<<10, name)
		for _, m := range anchorOf.FindAllStringSubmatch(pages[name], -1) {
			places["/docs/"+name+"#"+m[1]] = true
		}
	}
	require.Greater(t, len(pages), 100)
	links := 0
	for name, body := range pages {
		_, body, _ = strings.Cut(body, "<article")
		for _, m := range linkOf.FindAllStringSubmatch(body, -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			links++
			file, anchor, hasAnchor := strings.Cut(m[1], "#")
			folder, last := path.Split("/docs/" + name)
			to := folder + last
			if file != "" {
				if to = path.Join(folder, file); strings.HasSuffix(file, "/") {
					to += "/"
				}
			}
			assert.Equal(t, http.StatusOK, get(h, to).Code, "%s links to %s", name, m[1])
			if hasAnchor {
				assert.True(t, places[to+"#"+anchor], "%s links to %s, a place that is not there", name, m[1])
			}
		}
	}
	assert.Greater(t, links, 300)
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	body := get(whole(t), "/docs/quickstart").Body.String()
	assert.Contains(t, body, "https://data.example.com/below?a&amp;b/odata/people/Administrators/Users?$filter")
	assert.NotContains(t, body, "http://127.0.0.1:8080")
	demo, err := New(Config{Site: &console.Site{}, Files: gateway.Docs, OpenAPI: gateway.OpenAPI})
	require.NoError(t, err)
	assert.Contains(t, get(demo, "/docs/quickstart").Body.String(), "http://127.0.0.1:8080/odata/pingone/")
}

func TestDocument(t *testing.T) {
	t.Parallel()
	h, err := New(Config{Site: &console.Site{}, OpenAPI: []byte("{}"), Files: fstest.MapFS{
		"docs/index.md":         {Data: []byte("# All\n\n[one](one.md#a-b_c) [tables](tables/README.md) [code](../main.go) [far](https://example.org/x.md) [api](../openapi.yaml)\n")},
		"docs/one.md":           {Data: []byte("# One `x`\n\n## A *b_c*\n\n## A b_c\n\n<script>alert(1)</script>\n\n| | b |\n| --- | --- |\n| 1 | 2 |\n\n```sh\nls\n```\n\n![p](images/p.png) [home](index.md) [missing](two.md)\n")},
		"docs/tables/README.md": {Data: []byte("# Tables\n\n[here](README.md#tables) [up](../index.md) [one](../one.md) [api](../../openapi.yaml)\n")},
		"docs/images/p.png":     {Data: []byte("PNG")}, "docs/images/p.exe": {Data: []byte("MZ")},
	}})
	require.NoError(t, err)
	for _, c := range []struct {
		name, address string
		status        int
		has, lacks    []string
	}{
		{"without its slash", "/docs", http.StatusPermanentRedirect, nil, nil},
		{"the first page", "/docs/", 200, []string{"<h1>All</h1>", `href="one#a-b_c"`, `href="tables/"`, `href="` + repository + `main.go"`, `href="https://example.org/x.md"`, `href="api"`}, []string{"<h1 "}},
		{"a page", "/docs/one", 200, []string{"<h1>One x</h1>", `id="a-b_c"`, `id="a-b_c-1"`, `<div class="wide" tabindex="0"><table>`, `<pre tabindex="0">`, "<td></td>", `src="images/p.png"`, `href="./"`, `href="` + repository + `docs/two.md"`}, []string{"alert(1)", "<th></th>"}},
		{"a page of a folder", "/docs/tables/", 200, []string{`href="./#tables"`, `href="../"`, `href="../one"`, `href="../api"`}, nil},
		{"a picture", "/docs/images/p.png", 200, []string{"PNG"}, nil},
		{"what is no picture", "/docs/images/p.exe", 404, []string{"There is no picture"}, nil},
		{"a picture elsewhere", "/docs/images/../one.md", 404, nil, nil},
		{"no page", "/docs/none", 404, []string{"There is no document"}, nil},
		{"the name of a file", "/docs/one.md", 404, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := get(h, c.address)
			assert.Equal(t, c.status, w.Code)
			for _, part := range c.has {
				assert.Contains(t, w.Body.String(), part)
			}
			for _, part := range c.lacks {
				assert.NotContains(t, w.Body.String(), part)
			}
		})
	}
	assert.Equal(t, "docs/", get(h, "/docs").Header().Get("Location"), "below whatever prefix a proxy has")
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Site: &console.Site{}, Files: fstest.MapFS{}, OpenAPI: []byte("{}")})
	require.ErrorIs(t, err, fs.ErrNotExist)
	for name, text := range map[string]string{"no YAML": "{", "no OpenAPI": "paths: [1]", "no parameters": "paths: {/a: {parameters: 1}}", "no operation": "paths: {/a: {get: 1}}"} {
		_, err := New(Config{Site: &console.Site{}, Files: gateway.Docs, OpenAPI: []byte(text)})
		require.ErrorContains(t, err, "can't be read", name)
	}
}

const library = `
openapi: 3.1.0
info: {title: Library, version: "7", description: About <it>.}
tags: [{name: Things, description: All of them.}, {name: Operation, description: Elsewhere.}]
paths:
  /things/{id}:
    parameters:
      - {$ref: '#/components/parameters/id'}
    get:
      tags: [Things]
      operationId: getThing
      summary: Read a thing.
      parameters: [{name: form, in: query, schema: {enum: [long, short]}}]
      responses:
        "200": {description: The thing., content: {application/json: {schema: {$ref: '#/components/schemas/thing'}}}}
        "404": {$ref: '#/components/responses/gone'}
    put:
      tags: [Things]
      operationId: putThing
      requestBody: {$ref: '#/components/requestBodies/thing'}
      responses: {}
  /health:
    get: {tags: [Operation], operationId: health, responses: {}}
  /other:
    post: {operationId: other, responses: {}}
components:
  parameters: {id: {name: id, in: path, required: true, description: Its id., schema: {type: integer}, example: 7}}
  requestBodies:
    thing: {content: {application/json: {schema: {$ref: '#/components/schemas/thing'}, example: {name: a}}, text/csv: {schema: {type: string}}}}
  responses: {gone: {description: It is gone., content: {text/plain: {}}}}
  schemas:
    thing:
      required: [name]
      properties:
        name: {type: string, description: What it is called.}
        made: {type: string, format: date-time}
        kinds: {type: array, items: {enum: [a, b]}}
        either: {oneOf: [{type: [string, "null"]}, {type: array, items: {type: integer}}]}
        inner: {$ref: '#/components/schemas/thing'}
`

func TestInterface(t *testing.T) {
	t.Parallel()
	d, err := describe([]byte(library))
	require.NoError(t, err)
	assert.Equal(t, []string{"Things", "Operation", "Others"}, []string{d.Groups[0].Name, d.Groups[1].Name, d.Groups[2].Name})
	read, put := d.Groups[0].Operations[0], d.Groups[0].Operations[1]
	assert.Equal(t, []parameter{{Name: "id", In: "path", Description: "Its id.", Example: "7", Required: true}, {Name: "form", In: "query", Values: []string{"long", "short"}}}, read.Parameters)
	assert.True(t, read.Try)
	assert.False(t, d.Groups[1].Operations[0].Try, "of another listener")
	assert.Equal(t, "It is gone.", read.Answers[1].Description)
	assert.Equal(t, []content{{Type: "text/plain", Schema: "any"}}, read.Answers[1].Bodies)
	assert.Equal(t, []string{"{", `  "name": "a"`, "}"}, strings.Split(put.Bodies[0].Example, "\n"))
	assert.Equal(t, "string", put.Bodies[1].Schema)
	outline := put.Bodies[0].Schema
	for _, line := range []string{`  "name": string  // What it is called.`, `  "made"?: string (date-time)`, `  "kinds"?: [a | b, …]`, `  "either"?: string or null or [integer, …]`, `  "inner"?: {`} {
		assert.Contains(t, outline, line+"\n")
	}
	assert.Contains(t, outline, ": …", "a schema that holds itself ends")

	h, err := New(Config{Site: &console.Site{}, OpenAPI: []byte(library), Files: gateway.Docs})
	require.NoError(t, err)
	body := get(h, "/docs/api").Body.String()
	for _, part := range []string{"About &lt;it&gt;.", `data-path="/things/{id}"`, "Read a thing.", "It is gone.", `aria-label="id" value="7"`, "Send PUT"} {
		assert.Contains(t, body, part)
	}
	assert.Equal(t, 1, strings.Count(body, "Try it"), "the one GET that can be tried")
	assert.Less(t, get(whole(t), "/docs/api").Body.Len(), 150<<10)
}
