package odata_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

var goesOn = http.Header{"Prefer": {"continue-on-error"}}

// statusesOf are the statuses of a batch's answers, and what each of them says.
func statusesOf(responses []map[string]any) (statuses []int, messages []string) {
	for _, r := range responses {
		status, _ := r["status"].(float64)
		body, _ := r["body"].(map[string]any)
		failed, _ := body["error"].(map[string]any)
		message, _ := failed["message"].(string)
		statuses, messages = append(statuses, int(status)), append(messages, message)
	}
	return statuses, messages
}

// A method that nobody knows, or that an address doesn't take, is a matter of one request
// of a batch.
//
// Source: OData 4.01 Part 1, section 11.7.
func TestMethodsInABatch(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	const count = `{"id":"z","method":"GET","url":"Books/$count"}`
	for method, want := range map[string]struct {
		status  int
		message string
	}{
		"TRACE":    {405, "does not take this method"},
		"CONNECT":  {405, "does not take this method"},
		"FOO":      {501, "no such HTTP method"},
		"M-SEARCH": {501, "no such HTTP method"},
	} {
		_, got := s.jsonBatch(`{"id":"a","method":"`+strings.ToLower(method)+`","url":"Books"},`+count, goesOn)
		statuses, messages := statusesOf(got)
		require.Equal(t, []int{want.status, 200}, statuses, method)
		assert.Contains(t, messages[0], want.message, method)
		assert.Equal(t, want.status == 405, got[0]["headers"].(map[string]any)["allow"] != nil, method)
		assert.Equal(t, "12", got[1]["body"], method)
		_, got = s.jsonBatch(`{"id":"a","method":"`+method+`","url":"Books"},`+count, nil)
		statuses, _ = statusesOf(got)
		assert.Equal(t, []int{want.status}, statuses, "%s, and it ends the batch", method)
		_, parts := s.mixedBatch(goesOn, part(method+" Books HTTP/1.1\n\n"), part("GET Books/$count HTTP/1.1\n\n"))
		require.Len(t, parts, 2, method)
		assert.Contains(t, parts[0], "HTTP/1.1 "+strconv.Itoa(want.status)+" ", method)
		assert.True(t, strings.HasSuffix(parts[1], "\r\n\r\n12"), parts[1])
	}
	_, parts := s.mixedBatch(nil, changeSet("FOO Books("+odatatest.ID("book", 1)+") HTTP/1.1\n\n"))
	require.Len(t, parts, 1)
	assert.Contains(t, parts[0], "501 Not Implemented")
}

// A request with a condition fails as one whose dependency has failed, and all of its
// group with it; the others are carried out.
//
// Source: OData JSON Format 4.01, section 19.1.
func TestConditionsInABatch(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	book := "Books(" + odatatest.ID("book", 1) + ")"
	_, got := s.jsonBatch(`
		{"id":"a","method":"GET","url":"Books/$count"},
		{"id":"b","method":"GET","url":"Books/$count","dependsOn":["a"],"if":"$a/$succeeded"},
		{"id":"c","method":"PATCH","url":"`+book+`","body":{},"atomicityGroup":"g"},
		{"id":"d","method":"PATCH","url":"`+book+`","body":{},"atomicityGroup":"g","dependsOn":["a"],"if":"$a eq 12"},
		{"id":"e","method":"GET","url":"Books/$count","dependsOn":["b"]},
		{"id":"f","method":"GET","url":"Books/$count","dependsOn":["g"]},
		{"id":"g1","method":"GET","url":"Books/$count","dependsOn":["a"]}`, goesOn)
	statuses, messages := statusesOf(got)
	require.Equal(t, []int{200, 424, 424, 424, 424, 424, 200}, statuses)
	for k, want := range []string{"", "condition (if)", "condition (if)", "condition (if)", `Request "b" failed`, `Request "g" failed`, ""} {
		assert.Contains(t, messages[k], want, "answer %d", k)
	}
	assert.Equal(t, []any{"12", "12", "g"}, []any{got[0]["body"], got[6]["body"], got[2]["atomicityGroup"]})
}

// What the client of a batch prefers is about the batch: a page size, what a change
// returns, and changes that are tracked are matters of single requests, and nothing says
// that nulls are another.
//
// Source: OData 4.01 Part 1, sections 8.2.8.5 to 8.2.8.9.
func TestPreferencesOfABatchAreItsOwn(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	const all = "odata.maxpagesize=2, omit-values=nulls, return=minimal, odata.track-changes, respond-async"
	r, got := s.jsonBatch(`
		{"id":"a","method":"GET","url":"Books?$select=Id,Summary"},
		{"id":"b","method":"GET","url":"Books?$select=Id,Summary","headers":{"Prefer":"omit-values=nulls,maxpagesize=5"}}`, http.Header{"Prefer": {all + ", continue-on-error"}})
	require.Len(t, got, 2, r.Body)
	assert.Equal(t, "continue-on-error", r.Header.Get("Preference-Applied"))
	for k, want := range []struct {
		applied any
		rows    int
		nulls   bool
	}{{nil, 12, true}, {"maxpagesize=5, omit-values=nulls", 5, false}} {
		rows, _ := got[k]["body"].(map[string]any)["value"].([]any)
		require.Len(t, rows, want.rows, "answer %d", k)
		assert.Equal(t, want.applied, got[k]["headers"].(map[string]any)["preference-applied"], "answer %d", k)
		_, shown := rows[0].(map[string]any)["Summary"]
		assert.Equal(t, want.nulls, shown, "answer %d", k)
	}
}

// An id in a body is the entity of that request, however the service is reached. Nobody
// changes the library, which is said when the entity was found.
//
// Source: OData 4.01 Part 1, section 11.7.4.
func TestBodiesOfABatchReferToEntities(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "https://public.example/gateway"} {
		s := start(t, 12, func(c *odata.Config, _ *odatatest.Executor) {
			if base != "" {
				c.BaseURL = func(*http.Request) string { return base }
			}
		})
		book, shelf := "Books("+odatatest.ID("book", 1)+")", "Shelves("+odatatest.ID("shelf", 1)+")"
		_, got := s.jsonBatch(`
			{"id":"b","method":"GET","url":"`+book+`"},
			{"id":"s","method":"GET","url":"/odata/lib/Main/`+shelf+`?$select=Name"},
			{"id":"1","method":"PUT","url":"$b/Shelf/$ref","dependsOn":["b","s"],"body":{"@odata.id":"$s"}},
			{"id":"2","method":"POST","url":"$s/Books/$ref","body":{"@id":"$b"}},
			{"id":"3","method":"DELETE","url":"$s/Books/$ref?$id=$b"},
			{"id":"4","method":"PUT","url":"$b/Shelf/$ref","body":{"@odata.id":"$b"}},
			{"id":"5","method":"PUT","url":"$b/Shelf/$ref","body":{"@odata.id":"$later"}},
			{"id":"later","method":"GET","url":"`+shelf+`"}`, goesOn)
		statuses, messages := statusesOf(got)
		require.Equal(t, []int{200, 200, 403, 403, 403, 400, 400, 200}, statuses, messages)
		assert.Contains(t, messages[2], "only read")
		assert.Contains(t, messages[5], "none of an entity of Shelves")
		assert.Contains(t, messages[6], `No request before this one has the id "later"`)
	}
	s := start(t, 2)
	r := s.do(http.MethodPut, "Books("+odatatest.ID("book", 1)+")/Shelf/$ref", http.Header{"Content-Type": {"application/json"}}, `{"@odata.id":"$s"}`)
	assert.Equal(t, http.StatusBadRequest, r.Status, "there is no batch: %s", r.Body)
}

// A request of a batch that says nothing of what it accepts accepts what the batch does.
//
// Source: OData 4.01 Part 1, section 8.2.1.
func TestAcceptOfABatch(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	const none, full = "application/json;odata.metadata=none", "application/json;odata.metadata=full"
	for _, c := range []struct{ batch, own, want string }{
		{"multipart/mixed", "", "application/json;odata.metadata=minimal"},
		{"multipart/mixed, application/json", "", "application/json;odata.metadata=minimal"},
		{"multipart/mixed, " + none, "", none},
		{"multipart/mixed;q=0.5," + full, "", full},
		{"multipart/mixed, " + none, full, full},
		{"multipart/mixed, " + none, "application/json", "application/json;odata.metadata=minimal"},
	} {
		header, own := http.Header{"Accept": {c.batch}}, ""
		if c.own != "" {
			own = "Accept: " + c.own + "\n"
		}
		_, parts := s.mixedBatch(header, part("GET Books?$top=1 HTTP/1.1\n"+own+"\n"), part("GET Books/$count HTTP/1.1\n"+own+"\n"))
		require.Len(t, parts, 2, "%+v", c)
		assert.Contains(t, parts[0], "Content-Type: "+c.want+"\r\n", "%+v", c)
		assert.Contains(t, parts[1], "text/plain", "%+v", c)
	}
	_, got := s.jsonBatch(`{"id":"a","method":"GET","url":"Books?$top=1"},{"id":"b","method":"GET","url":"Books?$top=1","headers":{"accept":"`+full+`"}},{"id":"c","method":"GET","url":"Books/$count"}`, http.Header{"Accept": {none}})
	require.Len(t, got, 3)
	for i, want := range []string{none, full, "text/plain;charset=utf-8"} {
		assert.Equal(t, want, got[i]["headers"].(map[string]any)["content-type"])
	}
}
