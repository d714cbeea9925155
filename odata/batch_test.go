package odata_test

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// jsonBatch sends requests as a JSON batch.
func (s *service) jsonBatch(requests string, header http.Header) (reply, []map[string]any) {
	s.t.Helper()
	h := http.Header{"Content-Type": {"application/json"}}
	for name, v := range header {
		h[name] = v
	}
	r := s.do(http.MethodPost, "$batch", h, `{"requests":[`+requests+`]}`)
	var got struct{ Responses []map[string]any }
	if r.Status == http.StatusOK && r.Err == nil {
		if err := json.Unmarshal([]byte(r.Body), &got); err != nil {
			s.t.Fatalf("%v: %s", err, r.Body)
		}
	}
	return r, got.Responses
}

// mixedBatch sends requests as UI5 and Olingo do, each text one part.
func (s *service) mixedBatch(header http.Header, parts ...string) (reply, []string) {
	s.t.Helper()
	h := http.Header{"Content-Type": {"multipart/mixed; boundary=b"}, "Accept": {"multipart/mixed"}}
	for name, v := range header {
		h[name] = v
	}
	var body strings.Builder
	for _, p := range parts {
		body.WriteString("--b\r\n" + p + "\r\n")
	}
	r := s.do(http.MethodPost, "$batch", h, body.String()+"--b--\r\n")
	if r.Status != http.StatusOK || r.Err != nil {
		return r, nil
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		s.t.Fatal(err)
	}
	return r, s.partsOf(r.Body, params["boundary"])
}

func (s *service) partsOf(body, boundary string) (out []string) {
	s.t.Helper()
	m := multipart.NewReader(strings.NewReader(body), boundary)
	for {
		p, err := m.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			s.t.Fatalf("%v: %s", err, body)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, p.Header.Get("Content-Type")+" "+p.Header.Get("Content-ID")+"\n"+string(text))
	}
}

func part(request string) string {
	return "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" + strings.ReplaceAll(request, "\n", "\r\n")
}

func changeSet(requests ...string) string {
	out := "Content-Type: multipart/mixed; boundary=c\r\n\r\n"
	for k, r := range requests {
		out += "--c\r\nContent-ID: " + strconv.Itoa(k) + "\r\n" + part(r) + "\r\n"
	}
	return out + "--c--\r\n"
}

// Source: OData JSON Format 4.01, section 19.
func TestJSONBatch(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	id := odatatest.ID("book", 1)
	r, got := s.jsonBatch(`
		{"id": "a", "method": "get", "url": "Books?$top=1&$select=Title"},
		{"id": "b", "method": "GET", "url": "Books/$count"},
		{"id": "c", "method": "GET", "url": "$metadata"},
		{"id": "d", "method": "GET", "url": "/odata/lib/Main/Books(`+id+`)?$select=Title", "headers": {"accept": "application/json;odata.metadata=none"}},
		{"id": "e", "method": "GET", "url": "`+s.URL+`Books(`+odatatest.ID("book", 3)+`)/Author"},
		{"id": "f", "method": "GET", "url": "$d/Title", "dependsOn": ["d"]}`, nil)
	if r.Status != 200 || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("OData-Version") != "4.0" || len(got) != 6 {
		t.Fatalf("%d %v %s", r.Status, r.Header, r.Body)
	}
	for k, want := range []struct {
		id     string
		status float64
		body   func(any) bool
	}{
		{"a", 200, func(b any) bool { return len(b.(map[string]any)["value"].([]any)) == 1 }},
		{"b", 200, func(b any) bool { return b == "12" }},
		{"c", 200, func(b any) bool { return strings.Contains(b.(string), "<edmx:Edmx") }},
		{"d", 200, func(b any) bool { return len(b.(map[string]any)) == 1 }},
		{"e", 204, func(b any) bool { return b == nil }},
		{"f", 200, func(b any) bool { return b.(map[string]any)["value"] == got[3]["body"].(map[string]any)["Title"] }},
	} {
		if got[k]["id"] != want.id || got[k]["status"] != want.status || !want.body(got[k]["body"]) {
			t.Errorf("%s: %v", want.id, got[k])
		}
	}
	if h := got[0]["headers"].(map[string]any); h["odata-version"] != "4.0" || h["content-type"] == nil {
		t.Errorf("headers: %v", h)
	}
}

// Source: OData 4.01 Part 1, section 11.7.2.
func TestABatchStopsAtItsFirstError(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	const requests = `
		{"id": "a", "method": "GET", "url": "Books/$count"},
		{"id": "b", "method": "GET", "url": "Nothing"},
		{"id": "c", "method": "GET", "url": "Books/$count", "dependsOn": ["b"]},
		{"id": "d", "method": "GET", "url": "Books/$count"}`
	statuses := func(got []map[string]any) (out []float64) {
		for _, g := range got {
			out = append(out, g["status"].(float64))
		}
		return out
	}
	for _, c := range []struct {
		prefer string
		want   []float64
	}{
		{"", []float64{200, 404}},
		{"continue-on-error=false", []float64{200, 404}},
		{"continue-on-error", []float64{200, 404, 424, 200}},
		{"odata.continue-on-error=true", []float64{200, 404, 424, 200}},
		{"respond-async, Continue-On-Error", []float64{200, 404, 424, 200}},
	} {
		_, got := s.jsonBatch(requests, http.Header{"Prefer": {c.prefer}})
		if a := statuses(got); len(a) != len(c.want) || !equal(a, c.want) {
			t.Errorf("%q: %v", c.prefer, a)
		}
	}
}

func equal(a, b []float64) bool {
	for k := range a {
		if a[k] != b[k] {
			return false
		}
	}
	return true
}

func TestMultipartBatch(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	r, got := s.mixedBatch(http.Header{"Odata-Maxversion": {"4.01"}},
		part("GET Books?$top=1&$select=Title HTTP/1.1\nAccept: application/json;odata.metadata=none\n\n"),
		part("GET /odata/lib/Main/Books/$count HTTP/1.1\nHost: elsewhere\n\n"),
		part("GET Books/$count"), // neither a protocol nor a header
		changeSet("PATCH Books("+odatatest.ID("book", 1)+") HTTP/1.1\nContent-Type: application/json\nContent-Length: 14\n\n{\"Title\": \"a\"}\n"),
	)
	if r.Status != 200 || r.Header.Get("OData-Version") != "4.01" || len(got) != 4 {
		t.Fatalf("%d %v %s", r.Status, r.Header, r.Body)
	}
	for k, want := range [][]string{
		{"application/http \nHTTP/1.1 200 OK\r\n", "OData-Version: 4.01", `{"value":[{"Title":`},
		{"HTTP/1.1 200 OK\r\n", "text/plain", "\r\n\r\n12"},
		{"HTTP/1.1 200 OK\r\n", "\r\n\r\n12"},
		{"application/http 0\nHTTP/1.1 403 Forbidden\r\n", `"error"`}, // a failed change set is no set
	} {
		for _, w := range want {
			if !strings.Contains(got[k], w) {
				t.Errorf("part %d lacks %q: %s", k, w, got[k])
			}
		}
	}
	if strings.Contains(r.Body, "Vary") {
		t.Error("headers of the connection are repeated")
	}
}

// The form of the answer is the one accepted.
func TestBatchForms(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	const one = `{"id": "a", "method": "GET", "url": "Books/$count"}`
	for accept, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "multipart/mixed": "multipart/mixed", "application/json, multipart/mixed": "application/json",
	} {
		r := s.do(http.MethodPost, "%24batch", http.Header{"Content-Type": {"application/json"}, "Accept": {accept}}, `{"requests":[`+one+`]}`)
		if kind := r.Header.Get("Content-Type"); r.Status != 200 || !strings.HasPrefix(kind, want) {
			t.Errorf("%q: %d %s", accept, r.Status, kind)
		}
	}
}

func TestRefusedBatches(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	json := http.Header{"Content-Type": {"application/json"}}
	mixed := http.Header{"Content-Type": {"multipart/mixed; boundary=b"}}
	many := strings.TrimSuffix(strings.Repeat(`{"id":"#","method":"GET","url":"Books"},`, 201), ",")
	for k := range 201 {
		many = strings.Replace(many, "#", strconv.Itoa(k), 1)
	}
	for name, c := range map[string]struct {
		header  http.Header
		body    string
		status  int
		message string
	}{
		"no type":          {nil, "", 415, "multipart/mixed with a boundary"},
		"no boundary":      {http.Header{"Content-Type": {"multipart/mixed"}}, "", 415, "boundary"},
		"no JSON":          {json, `{"requests":`, 400, "not a JSON object"},
		"no requests":      {json, `{"requests":[]}`, 400, "has no requests"},
		"too many":         {json, `{"requests":[` + many + `]}`, 413, "at most 200 requests"},
		"no id":            {json, `{"requests":[{"method":"GET","url":"Books"}]}`, 400, "request 1 has no id"},
		"an id twice":      {json, `{"requests":[{"id":"1","method":"GET","url":"Books"},{"id":"1","method":"GET","url":"Books"}]}`, 400, "request 2 has the id of another one"},
		"a later one":      {json, `{"requests":[{"id":"1","method":"GET","url":"Books","dependsOn":["2"]},{"id":"2","method":"GET","url":"Books"}]}`, 400, "does not come before it"},
		"a group in parts": {json, `{"requests":[{"id":"1","method":"GET","url":"Books","atomicityGroup":"g"},{"id":"2","method":"GET","url":"Books"},{"id":"3","method":"GET","url":"Books","atomicityGroup":"g"}]}`, 400, "request 3 belongs to a group that has ended"},
		"a group as an id": {json, `{"requests":[{"id":"1","method":"GET","url":"Books","atomicityGroup":"g"},{"id":"g","method":"GET","url":"Books"}]}`, 400, "request 2 has the id of another one, or the name of a group"},
		"an id as a group": {json, `{"requests":[{"id":"g","method":"GET","url":"Books"},{"id":"1","method":"GET","url":"Books","atomicityGroup":"g"}]}`, 400, "request 2 belongs to a group"},
		"its own group":    {json, `{"requests":[{"id":"g","method":"GET","url":"Books","atomicityGroup":"g"}]}`, 400, "request 1 has the id of another one, or the name of a group"},
		"a number as id":   {json, `{"requests":[{"id":1,"method":"GET","url":"Books"}]}`, 400, "the member requests.id can't be a number"},
		"no method":        {json, `{"requests":[{"id":"1","url":"Books"}]}`, 400, "request 1 has no method"},
		"blank in it":      {json, `{"requests":[{"id":"1","method":"GET /","url":"Books"}]}`, 400, "request 1 has no method"},
		"no request line":  {mixed, "--b\r\n" + part("{\"Title\": \"a\"}\n\n") + "\r\n--b--\r\n", 400, "request 1 has no method"},
		"no address":       {json, `{"requests":[{"id":"1","method":"GET"}]}`, 400, "no address"},
		"cut short":        {mixed, "--b\r\nContent-Type: application/http\r\n\r\nGET Books HTTP/1.1\r\n\r\n", 400, "not whole"},
		"no parts":         {mixed, "--b--\r\n", 400, "has no requests"},
		"an empty set":     {mixed, "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n\r\n--b--\r\n", 400, "change set 1 has no requests"},
		"a strange part":   {mixed, "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n", 400, "neither application/http nor a change set"},
		"a set in a set":   {mixed, "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n--d--\r\n--c--\r\n--b--\r\n", 400, "neither"},
		"too short":        {mixed, "--b\r\n" + part("POST Books HTTP/1.1\nContent-Length: 9\n\n{}") + "\r\n--b--\r\n", 400, "Content-Length"},
		"a broken header":  {mixed, "--b\r\n" + part("GET Books HTTP/1.1\nno colon\n\n") + "\r\n--b--\r\n", 400, "broken header"},
		"another protocol": {mixed, "--b\r\n" + part("GET Books HTTP/2\n\n") + "\r\n--b--\r\n", 400, "not HTTP/1.1"},
		"an old version":   {http.Header{"Content-Type": {"application/json"}, "Odata-Maxversion": {"3.0"}}, `{"requests":[{"id":"1","method":"GET","url":"Books"}]}`, 406, "below 4.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := s.do(http.MethodPost, "$batch", c.header, c.body)
			if r.Status != c.status || !strings.Contains(r.Body, c.message) {
				t.Errorf("%d %s", r.Status, r.Body)
			}
		})
	}
	if r := s.do(http.MethodGet, "$batch", nil, ""); r.Status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d %s", r.Status, r.Body)
	}
}

// What is wrong with one request is that one's answer.
func TestRefusedRequestsOfABatch(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	for url, want := range map[string]string{
		"https://elsewhere.example/odata/lib/Main/Books": "not one of this service",
		"/sql?query=SELECT+1":                            "not one of this service",
		"../../../sql":                                   "",
		"$batch":                                         "no batches in it",
		"$nobody/Title":                                  `has the id \"nobody\"`,
		"Books%00":                                       "%00",
	} {
		method := "GET"
		if url == "$batch" {
			method = "POST"
		}
		r, got := s.jsonBatch(`{"id":"a","method":"`+method+`","url":"`+url+`"}`, nil)
		if len(got) != 1 || got[0]["status"].(float64) < 400 || !strings.Contains(r.Body, want) {
			t.Errorf("%s: %d %s", url, r.Status, r.Body)
		}
	}
	_, got := s.jsonBatch(`{"id":"a","method":"PATCH","url":"Books(1)","atomicityGroup":"g","body":{}},{"id":"b","method":"PATCH","url":"Books(2)","atomicityGroup":"g","body":{}}`, nil)
	if len(got) != 2 || got[0]["status"] != 501.0 || got[1]["status"] != 501.0 || got[0]["atomicityGroup"] != "g" {
		t.Errorf("a set of two: %v", got)
	}
	_, parts := s.mixedBatch(nil, changeSet("PATCH Books(1) HTTP/1.1\n\n{}", "PATCH Books(2) HTTP/1.1\n\n{}"))
	if len(parts) != 1 || !strings.Contains(parts[0], "501 Not Implemented") {
		t.Errorf("a set of two: %q", parts)
	}
	_, parts = s.mixedBatch(nil, changeSet("GET Books/$count HTTP/1.1\n\n"))
	if len(parts) != 1 || !strings.Contains(parts[0], "400 Bad Request") {
		t.Errorf("a set with a GET: %q", parts)
	}
}

// A feed that can't be completed takes the batch with it: an answer never looks
// whole when rows are missing.
func TestABrokenFeedBreaksTheBatch(t *testing.T) {
	t.Parallel()
	s := start(t, 3000, func(_ *odata.Config, e *odatatest.Executor) {
		e.Err, e.FailAfter, e.BatchRows = io.ErrUnexpectedEOF, 20, 100
	})
	const requests = `{"id":"a","method":"GET","url":"Books"},{"id":"b","method":"GET","url":"Books"}`
	if r, _ := s.jsonBatch(requests, nil); r.Err == nil {
		t.Errorf("%d, ends well: %.80s", r.Status, r.Body)
	}
	if r, _ := s.mixedBatch(nil, part("GET Books HTTP/1.1\n\n")); r.Err == nil {
		t.Errorf("%d, ends well: %.80s", r.Status, r.Body)
	}
}

// Every request of a batch is one of the caller's, and so is a batch that is none.
func TestABatchHasARecordForEachRequest(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	s.jsonBatch(`{"id":"a","method":"GET","url":"Books/$count"},{"id":"b","method":"GET","url":"Nothing"}`, nil)
	s.do(http.MethodPost, "$batch", nil, "")
	s.server.Close()
	if got := s.Exec.Statements(); len(got) != 3 || !strings.HasSuffix(got[0], "Books/$count") || !strings.HasSuffix(got[1], "Nothing") || !strings.HasSuffix(got[2], "$batch") {
		t.Errorf("%q", got)
	}
}
