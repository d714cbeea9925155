//go:build duckdb_arrow

package conformance

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// breaking stands before the service and breaks one rule: it changes the request, the
// answer, or both.
type breaking struct {
	request func(*http.Request)
	answer  func(*http.Request, *httptest.ResponseRecorder)
}

// serve breaks what next does.
func (b breaking) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if b.request != nil {
		r = r.Clone(r.Context())
		b.request(r)
	}
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	if b.answer != nil {
		b.answer(r, rec)
	}
	rec.Header().Del("Content-Length")
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// ignores has the service not see a query option.
func ignores(option string) breaking {
	return breaking{request: func(r *http.Request) {
		var kept []string
		for _, part := range strings.Split(r.URL.RawQuery, "&") {
			if name, _, _ := strings.Cut(part, "="); !strings.EqualFold(strings.TrimPrefix(name, "$"), option) {
				kept = append(kept, part)
			}
		}
		r.URL.RawQuery = strings.Join(kept, "&")
	}}
}

// reads has the service see other options, and other words in the path.
func reads(pattern, as string) breaking {
	re := regexp.MustCompile(pattern)
	return breaking{request: func(r *http.Request) {
		query, err := url.PathUnescape(r.URL.RawQuery)
		if changed := re.ReplaceAllString(query, as); err == nil && changed != query {
			r.URL.RawQuery = strings.ReplaceAll(url.PathEscape(changed), "&amp;", "&")
		}
		if changed := re.ReplaceAllString(r.URL.Path, as); changed != r.URL.Path {
			r.URL.Path, r.URL.RawPath = changed, ""
		}
	}}
}

// writes changes the body of answers.
func writes(pattern, as string) breaking {
	re := regexp.MustCompile(pattern)
	return breaking{answer: func(_ *http.Request, w *httptest.ResponseRecorder) {
		w.Body = bytes.NewBuffer(re.ReplaceAll(w.Body.Bytes(), []byte(as)))
	}}
}

// unheard leaves a header of the request out, and lacks one of the answer.
func unheard(name string) breaking {
	return breaking{request: func(r *http.Request) { r.Header.Del(name) }}
}

func lacks(name string) breaking {
	return breaking{answer: func(_ *http.Request, w *httptest.ResponseRecorder) {
		maps.DeleteFunc(w.Header(), func(n string, _ []string) bool { return strings.EqualFold(n, name) })
	}}
}

// answers gives another status.
func answers(from, to int) breaking {
	return breaking{answer: func(_ *http.Request, w *httptest.ResponseRecorder) {
		if w.Code == from {
			w.Code = to
		}
	}}
}

// pretends answers a method as if it were done, and does nothing.
func pretends(method string, status int) breaking {
	return breaking{
		request: func(r *http.Request) {
			if r.Method == method {
				*r = *r.Clone(context.WithValue(r.Context(), undone{}, true))
				r.Method, r.Body, r.ContentLength = http.MethodGet, http.NoBody, 0
			}
		},
		answer: func(r *http.Request, w *httptest.ResponseRecorder) {
			if r.Context().Value(undone{}) != nil {
				w.Code, w.Body = status, &bytes.Buffer{}
			}
		},
	}
}

type undone struct{}

// mutations break one rule each; the test of the line must notice.
var mutations = []struct {
	line, what string
	breaking
}{
	{"A1", "the service document lists nothing", writes(`"value":\[.*\]`, `"value":[]`)},
	{"A2", "JSON has other names", writes(`"value":`, `"results":`)},
	{"A3", "a page has no link to the next", writes(`,"@odata.nextLink":"[^"]*"`, "")},
	{"A4", "OData-Version is missing", lacks("OData-Version")},
	{"A5", "OData-MaxVersion is ignored", unheard("OData-MaxVersion")},
	{"A10", "PATCH changes nothing", pretends(http.MethodPatch, http.StatusNoContent)},
	{"A14", "preferences are ignored", unheard("Prefer")},
	{"A16", "an asynchronous answer is the answer itself", writes(`^HTTP/1.1 (.|\r|\n)*?\r\n\r\n`, "")},
	{"A18", "edit links are missing", writes(`"@odata.editLink":"[^"]*",?`, "")},
	{"A22", "PUT of a reference changes nothing", pretends(http.MethodPut, http.StatusNoContent)},
	{"A24", "DELETE deletes nothing", pretends(http.MethodDelete, http.StatusNoContent)},
	{"A26", "If-Match is ignored", unheard("If-Match")},
	{"A27", "Location is missing", lacks("Location")},
	{"A28", "OData-EntityId is missing", lacks("OData-EntityId")},
	{"B3", "$select is ignored", ignores("select")},
	{"B5", "$top is ignored", ignores("top")},
	{"B6", "/$value gives JSON", reads(`/\$value$`, "")},
	{"B7", "eq is ne", reads(` eq `, " ne ")},
	{"C2", "$metadata is JSON", reads(`\$metadata$`, "")},
	{"C4", "/$count counts one more", writes(`^(\d+)$`, "1$1")},
	{"C5", "any is all", reads(`/any\(`, "/all(")},
	{"C6", "$skip is ignored", ignores("skip")},
	{"C7", "$count is ignored", ignores("count")},
	{"C8", "desc is asc", reads(` desc`, " asc")},
	{"C8", "a second property is ignored", reads(` desc,Username asc`, " desc")},
	{"C9", "$filter within $expand is ignored", reads(`Groups\(\$filter=[^)]*\)`, "Groups")},
	{"C9.1", "/$ref gives entities", reads(`/\$ref`, "")},
	{"C10", "$search is ignored", ignores("search")},
	{"C12.1", "/$ref of entities gives these", reads(`/\$ref$`, "")},
	{"C12.2", "$entity ignores its id", ignores("id")},
	{"C12.3", "$all lacks a type", writes(`\{"@odata.type":"#PingOne.User",`, "{")},
	{"D2", "answers of 4.01 are those of 4.0", writes(`"@(context|count)"`, `"@odata.$1"`)},
	{"D3", "AsyncResult is missing", lacks("AsyncResult")},
	{"D4", "omit-values is ignored", unheard("Prefer")},
	{"D5", "$schemaversion is ignored", ignores("schemaversion")},
	{"D6", "options without $ are ignored", reads(`(^|&)(select|filter|top)=[^&]*`, "$1")},
	{"D9.1", "text is not a guid", answers(http.StatusOK, http.StatusBadRequest)},
	{"D19", "a reference isn't deleted", pretends(http.MethodDelete, http.StatusNoContent)},
	{"E3", "ne null is eq null", reads(` ne null`, " eq null")},
	{"E4", "in keeps everybody", reads(`Username in \([^)]*\)`, "true")},
	{"F3", "$count of a filtered collection counts all", reads(`\$count\(\$filter=[^)]*\)`, "$$count")},
	{"F4", "$compute is ignored", ignores("compute")},
	{"F5", "$filter within $select is ignored", reads(`\$filter=\$this eq 'staff'`, "$$skip=0")},
	{"J4", "nextLink has another name", writes(`"@odata.nextLink"`, `"next"`)},
	{"J5", "null is left out", writes(`,"[A-Za-z]+":null`, "")},
	{"J9", "Content-Type lacks metadata", breaking{answer: func(_ *http.Request, w *httptest.ResponseRecorder) {
		w.Header().Set("Content-Type", "application/json")
	}}},
	{"J10", "numbers are numbers", breaking{request: func(r *http.Request) { r.Header.Set("Accept", "application/json") }}},
	{"J12", "ids are missing", writes(`"@odata.id":"[^"]*",?`, "")},
	{"J12.1", "aggregated rows look like entities", writes(`"@odata.id":null,`, "")},
	{"J13", "contexts are escaped", writes(`\$metadata#([^"(]*)\(`, "$$metadata#$1%28")},
	{"H1", "Vary is missing", lacks("Vary")},
	{"H2", "Allow is missing", lacks("Allow")},
	{"H3", "412 is 400", answers(http.StatusPreconditionFailed, http.StatusBadRequest)},
	{"H6", "If-None-Match is ignored", unheard("If-None-Match")},
	{"H7", "unknown options are ignored", ignores("unheard")},
	{"H8", "errors have no code", writes(`"code":"[^"]*"`, `"code":""`)},
	{"H10", "null is an object", answers(http.StatusNoContent, http.StatusOK)},
	{"S1", "or comes before and", reads(` and `, " or ")},
	{"S2", "null ne 'x' is false, as in SQL", reads(`ne '`, "gt '")},
	{"S4", "sub adds", reads(` sub `, " add ")},
	{"S5", "toupper makes small letters", reads(`toupper\(`, "tolower(")},
	{"S9", "ceiling is floor", reads(`ceiling\(`, "floor(")},
	{"S12", "hassubset is always true", reads(`hassubset\([^)]*\)`, "true")},
	{"S15", "NOT is ignored", reads(` NOT `, " ")},
	{"S16", "$skip is ignored", ignores("skip")},
	{"S21", "a failed request of a batch succeeds", writes(`404 Not Found|"status":404`, `"status":200`)},
}

// Each test of a line fails when the service breaks the rule. Else it would prove
// nothing that it passes.
func TestLinesFailWhenBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("it looks at tests, which TestConformance runs")
	}
	t.Parallel()
	w := newWorld(t)
	for _, m := range mutations {
		t.Run(m.line+" "+m.what, func(t *testing.T) {
			one := find(m.line)
			if one == nil || one.demand != must {
				t.Fatal("there is no such MUST line")
			}
			defer w.broken.Store(nil)
			w.broken.Store(&breaking{})
			assert.False(t, fails(t, one, w), "the test of %s %s fails behind what breaks nothing", m.line, one.rule)
			w.broken.Store(&m.breaking)
			assert.True(t, fails(t, one, w), "the test of %s %s does not notice", m.line, one.rule)
		})
	}
}

func find(number string) *line {
	for _, l := range levels {
		for i := range l.lines {
			if l.lines[i].number == number {
				one := l.lines[i]
				return &one
			}
		}
	}
	return nil
}

// verdict is a test whose failure is wanted.
type verdict struct {
	testing.TB
	failed bool
}

// fails tells whether the test of a line fails, or is answered 501. A failed check
// ends its goroutine.
func fails(t *testing.T, l *line, w *world) bool {
	v, done := &verdict{TB: t}, make(chan struct{})
	go func() {
		defer close(done)
		l.run(v, w)
	}()
	<-done
	return v.failed || l.refused != ""
}

// Errorf implements testing.TB.
func (v *verdict) Errorf(string, ...any) { v.failed = true }

// FailNow implements testing.TB.
func (v *verdict) FailNow() {
	v.failed = true
	runtime.Goexit()
}
