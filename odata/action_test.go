package odata_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

// lending has an action with every type of parameter, and one without any.
func lending(ran *[]string) procedure.Set {
	return procedure.Set{
		{
			Name: "Lend", Inputs: []procedure.Input{
				{Name: "BookId", Type: catalog.GUID, Required: true},
				{Name: "Days", Type: catalog.Int32, Default: "14"},
				{Name: "Reader", Type: catalog.String},
				{Name: "Notes", Type: catalog.JSON},
				{Name: "Labels", Type: catalog.StringList},
				{Name: "Due", Type: catalog.Timestamp},
			},
			Outputs: []procedure.Output{{Name: "Days", Type: catalog.Int32}, {Name: "Reader", Type: catalog.String}},
			Run: func(_ context.Context, in procedure.Inputs) ([]procedure.Row, error) {
				if in.Text("Reader") == "nobody" {
					return nil, gwerr.New(gwerr.Conflict, "Nobody may not lend.", "").On("Reader")
				}
				*ran = append(*ran, strings.Join([]string{in.Text("BookId"), string(in.JSON("Notes")), string(in.JSON("Labels")), string(in.JSON("Due"))}, " "))
				var reader any
				if in.Given("Reader") {
					reader = in.Text("Reader")
				}
				return []procedure.Row{{in.Int("Days"), reader}}, nil
			},
		},
		{Name: "Tidy", Run: func(context.Context, procedure.Inputs) ([]procedure.Row, error) {
			*ran = append(*ran, "tidy")
			return []procedure.Row{{}}, nil
		}},
	}
}

// Source: OData 4.01 Part 1, section 11.5.5.
func TestActions(t *testing.T) {
	t.Parallel()
	book := odatatest.ID("book", 1)
	bound := "Books(" + book + ")/"
	cases := []struct {
		name, method, path, body, header string
		status                           int
		answer                           string // a part of it
		ran                              string // the action's inputs; "" for not at all
	}{
		{name: "bound", path: bound + "Library.Lend", body: `{"Reader":"Zoe"}`, status: 200, answer: `$metadata#Library.LendResult","Days":14,"Reader":"Zoe"}`, ran: book + "   "},
		{name: "bound, by its short name and an empty body", path: bound + "Lend", status: 200, answer: `"Days":14,"Reader":null}`, ran: book + "   "},
		{name: "bound, with brackets", path: bound + "Library.Lend()", status: 200, answer: `"Days":14`, ran: book + "   "},
		{name: "by import", path: "Lend", body: `{"BookId":"` + strings.ToUpper(book) + `","Days":3,"Notes":"\"a\"","Labels":["x","y"],"Due":"2026-01-02T03:04:05+01:00"}`, status: 200, answer: `"Days":3`, ran: book + ` "a" ["x","y"] "2026-01-02T02:04:05.000Z"`},
		{name: "a time without seconds", path: "Lend", body: "\ufeff" + `{"BookId":"` + book + `","Due":"2026-01-02t03:04z"}`, status: 200, answer: `"Days":14`, ran: book + `   "2026-01-02T03:04:00.000Z"`},
		{name: "null is not the default", path: "Lend", body: `{"BookId":"` + book + `","Days":null}`, status: 200, answer: `"Days":0`, ran: book + "   "},
		{name: "without metadata", path: bound + "Lend?$format=application/json;odata.metadata=none", status: 200, answer: `{"Days":14,"Reader":null}`, ran: book + "   "},
		{name: "nothing to answer", path: "Tidy", status: 204, ran: "tidy"},
		{name: "control information", path: "Tidy", body: `{"@odata.type":"#x"}`, status: 204, ran: "tidy"},
		{name: "GET", method: http.MethodGet, path: bound + "Lend", status: 405},
		{name: "PATCH", method: http.MethodPatch, path: bound + "Lend", body: `{}`, status: 405},
		{name: "query", path: "Tidy/$query", header: "text/plain", status: 405},
		{name: "an option", path: bound + "Lend?$select=Days", status: 400, answer: "$select"},
		{name: "bound to nothing", path: bound + "Tidy", status: 404},
		{name: "of a set", path: "Books/Library.Lend", status: 404},
		{name: "behind a navigation", path: "Books(" + book + ")/Shelf/Books(" + book + ")/Library.Lend", status: 501, answer: "navigation"},
		{name: "no such book", path: "Books('x')/Library.Lend", status: 404},
		{name: "no parameter of that name", path: bound + "Lend", body: `{"reader":"Zoe"}`, status: 400, answer: `"target":"reader"`},
		{name: "the binding parameter again", path: bound + "Lend", body: `{"BookId":"` + book + `"}`, status: 400, answer: `"target":"BookId"`},
		{name: "a parameter is missing", path: "Lend", body: `{}`, status: 400, answer: `"target":"BookId"`},
		{name: "a value of another type", path: bound + "Lend", body: `{"Days":"three"}`, status: 400, answer: `"target":"Days"`},
		{name: "no JSON", path: bound + "Lend", body: `Reader=Zoe`, status: 400},
		{name: "no JSON from some place on", path: bound + "Lend", body: `{"Reader":"Zoe",}`, status: 400, answer: "from its byte 17 on"},
		{name: "other characters", path: bound + "Lend", body: `{}`, header: "application/json;charset=utf-16", status: 415, answer: "UTF-8"},
		{name: "another media type", path: bound + "Lend", body: `{}`, header: "text/plain", status: 415},
		{name: "refused by what it does", path: bound + "Lend", body: `{"Reader":"nobody"}`, status: 409, answer: `"target":"Reader"`},
		{name: "not in the service document", method: http.MethodGet, path: "", status: 200, answer: `{"name":"Loans","kind":"EntitySet","url":"Loans"}]}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var ran []string
			s := start(t, 3, func(_ *odata.Config, e *odatatest.Executor) { e.Actions = lending(&ran) })
			method, media := c.method, c.header
			if method == "" {
				method = http.MethodPost
			}
			if media == "" && c.body != "" {
				media = "application/json"
			}
			r := s.do(method, c.path, http.Header{"Content-Type": {media}}, c.body)
			assert.Equal(t, c.status, r.Status, r.Body)
			assert.Contains(t, r.Body, c.answer)
			assert.Equal(t, c.ran, strings.Join(ran, "; "))
			if c.status == http.StatusMethodNotAllowed {
				assert.Equal(t, "POST", r.Header.Get("Allow"))
			}
		})
	}
}
