package odata_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// OPTIONS tells the methods of the address, and so does the refusal of another one.
//
// Source: RFC 9110, sections 9.3.7 and 15.5.6.
func TestOptions(t *testing.T) {
	t.Parallel()
	var ran []string
	s := start(t, 12, func(_ *odata.Config, e *odatatest.Executor) { e.Actions = lending(&ran) })
	const read, one = "GET, HEAD, OPTIONS", "GET, HEAD, OPTIONS, PATCH, PUT, DELETE"
	book, shelf := "Books("+odatatest.ID("book", 1)+")", "Shelves("+odatatest.ID("shelf", 1)+")"
	for path, want := range map[string]string{
		"":                                     read,
		"$metadata":                            read,
		"$all":                                 read,
		"$crossjoin(Books,Shelves)":            read,
		"Books":                                read + ", POST",
		"Books?$filter=Pages gt 1":             read + ", POST",
		"Books/$count":                         read,
		"Books/$ref":                           read,
		book:                                   one,
		"$entity?$id=" + book:                  one,
		book + "/$ref":                         read,
		book + "/Title":                        one,
		book + "/Title/$value":                 one,
		book + "/Tags":                         one,
		book + "/Tags/$count":                  read,
		book + "/Shelf":                        read,
		book + "/Shelf/$ref":                   read + ", PUT, DELETE",
		book + "/Shelf/Name":                   read,
		shelf + "/Books":                       read + ", POST",
		shelf + "/Books/$count":                read,
		shelf + "/Books/$ref":                  read + ", POST, DELETE",
		shelf + "/" + book:                     read,
		shelf + "/" + book + "/$ref":           read + ", DELETE",
		"Tidy":                                 "POST",
		book + "/Lend":                         "POST",
		"$batch":                               "POST",
		"Books/$query":                         "POST",
		s.server.URL + "/odata/lib/":           read,
		s.server.URL + "/odata/lib/Main.pbids": read,
		s.server.URL + "/odata/lib/Main/Books.odc":                  read,
		s.server.URL + "/odata/lib/$requests/x":                     read + ", DELETE",
		s.server.URL + "/odata/lib/$vocabularies/Org.OData.Core.V1": read,
	} {
		r := s.do(http.MethodOptions, path, http.Header{"Accept": {"text/html"}}, "")
		assert.Equal(t, http.StatusNoContent, r.Status, "%s: %s", path, r.Body)
		assert.Equal(t, want, r.Header.Get("Allow"), path)
		assert.Empty(t, r.Body, path)
		for _, method := range []string{"POST", "PATCH", "PUT", "DELETE", "TRACE"} {
			r := s.do(method, path, nil, "")
			if strings.Contains(want, method) {
				assert.NotContains(t, []int{http.StatusMethodNotAllowed, http.StatusNotImplemented}, r.Status, "%s %s: %s", method, path, r.Body)
			} else if r.Status == http.StatusMethodNotAllowed {
				assert.Equal(t, want, r.Header.Get("Allow"), "%s %s", method, path)
			}
		}
	}
	ran = nil
	s.Exec.Ran()
	s.do(http.MethodOptions, book+"/Lend", nil, "")
	s.do(http.MethodOptions, "Books", nil, "")
	assert.Empty(t, ran, "nothing is done")
	assert.Empty(t, s.Exec.Ran(), "nothing is read")
	for path, status := range map[string]int{"Nothing": 404, book + "/Nothing": 404, "Books(": 400, "Books?$filter=Nothing eq 1": 400} {
		assert.Equal(t, status, s.do(http.MethodOptions, path, nil, "").Status, path)
	}
	for _, method := range []string{"GET", "HEAD", "PATCH", "PUT", "DELETE"} {
		r := s.do(method, "Books/$query", http.Header{"Content-Type": {"text/plain"}}, "")
		assert.Equal(t, http.StatusMethodNotAllowed, r.Status, "%s: %s", method, r.Body)
		assert.Equal(t, "POST", r.Header.Get("Allow"), method)
	}
}
