package odata_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// An answer names the preferences that made it what it is, and no others.
//
// Source: RFC 7240, section 3.
func TestAppliedPreferences(t *testing.T) {
	t.Parallel()
	var ran []string
	s := start(t, 30, func(_ *odata.Config, e *odatatest.Executor) { e.Actions = lending(&ran) })
	book := "Books(" + odatatest.ID("book", 1) + ")"
	const all = "odata.maxpagesize=5, omit-values=nulls, return=minimal"
	for _, c := range []struct{ method, path, prefer, applied string }{
		{"GET", "Books", all, "odata.maxpagesize=5, omit-values=nulls"},
		{"HEAD", "Books", all, "odata.maxpagesize=5, omit-values=nulls"},
		{"GET", book + "/Author", "maxpagesize=5", ""},
		{"GET", "Books/$ref", all, "odata.maxpagesize=5"},
		{"GET", book, all, "omit-values=nulls"},
		{"GET", "$all?$top=1", all, "omit-values=nulls"},
		{"GET", book + "/Title", all, ""},
		{"GET", book + "/Title/$value", all, ""},
		{"GET", "Books/$count", all, ""},
		{"GET", "$metadata", all, ""},
		{"GET", "", all, ""},
		{"GET", "Books", `omit-values="nulls"; strict, MaxPageSize = 5`, "maxpagesize=5, omit-values=nulls"},
		{"POST", book + "/Lend", all, "omit-values=nulls"},
		{"POST", book + "/Lend", "return=representation", ""},
		{"POST", "Tidy", all, ""},
	} {
		r := s.do(c.method, c.path, http.Header{"Prefer": {c.prefer}}, "")
		assert.Less(t, r.Status, 300, "%s %s: %s", c.method, c.path, r.Body)
		assert.Equal(t, c.applied, r.Header.Get("Preference-Applied"), "%s %s", c.method, c.path)
	}
}

// The first preference of a name counts, and false is none.
func TestContinueOnError(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	const requests = `{"id":"1","method":"GET","url":"Nothing"},{"id":"2","method":"GET","url":"Books/$count"}`
	for prefer, want := range map[string]struct {
		answers int
		applied string
	}{
		"odata.continue-on-error":                    {2, "odata.continue-on-error"},
		"continue-on-error=true":                     {2, "continue-on-error"},
		`Continue-On-Error="true"; really`:           {2, "continue-on-error"},
		"continue-on-error; really":                  {2, "continue-on-error"},
		`continue-on-error="false"`:                  {1, ""},
		"continue-on-error = false":                  {1, ""},
		"continue-on-error=false, continue-on-error": {1, ""},
		"return=minimal":                             {1, ""},
	} {
		r, got := s.jsonBatch(requests, http.Header{"Prefer": {prefer}})
		assert.Len(t, got, want.answers, prefer)
		assert.Equal(t, want.applied, r.Header.Get("Preference-Applied"), prefer)
	}
}
