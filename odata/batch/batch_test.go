package batch

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestReadMultipart(t *testing.T) {
	t.Parallel()
	body := strings.ReplaceAll(`preamble
--b
Content-Type: application/http
Content-ID: 1

GET Users?$top=1 HTTP/1.1
Accept: application/json

--b
Content-Type: application/http


GET Users/$count
--b
Content-Type: multipart/mixed; boundary="c d"

--c d
Content-Type: application/http

POST Groups HTTP/1.1
Content-ID: 2
Content-Type: application/json
Content-Length: 2

{}
--c d--
--b--
`, "\n", "\r\n")
	got, err := ReadMultipart([]byte(body), "b")
	if err != nil {
		t.Fatal(err)
	}
	want := []Item{
		{ID: "1", Method: "GET", URL: "Users?$top=1", Header: http.Header{"Accept": {"application/json"}}, Body: []byte{}},
		{Method: "GET", URL: "Users/$count", Header: http.Header{}, Body: []byte{}},
		{ID: "2", Method: "POST", URL: "Groups", Header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"2"}}, Body: []byte("{}"), Group: "change set 1"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestReadJSON(t *testing.T) {
	t.Parallel()
	got, err := ReadJSON([]byte(`{"requests": [
		{"id": "1", "method": "post", "url": "Groups", "body": {"Name": "a"}, "atomicityGroup": "g"},
		{"id": "2", "method": "POST", "url": "Users/$query", "headers": {"content-type": "text/plain"}, "body": "$top=1", "dependsOn": ["g"]},
		{"id": "3", "method": "PUT", "url": "x", "headers": {"content-type": "application/octet-stream"}, "body": "AQI="},
		{"id": "4", "method": "GET", "url": "x", "body": null, "if": "$1/$succeeded"}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []string{`{"Name": "a"}`, "$top=1", "\x01\x02", ""} {
		if string(got[k].Body) != want {
			t.Errorf("body %d: %q", k, got[k].Body)
		}
	}
	if got[0].Method != "POST" || got[0].Header.Get("Content-Type") != "application/json" || got[0].Group != "g" || got[1].DependsOn[0] != "g" || got[0].Conditional || !got[3].Conditional {
		t.Errorf("%+v", got)
	}
}

// write answers an item with a body, or with none.
func write(w http.ResponseWriter, status int, kind, body string) {
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func TestJSONAnswers(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	a := NewJSON(&b)
	write(a.Answer(&Item{ID: "1", Group: "g"}), 200, "application/json;odata.metadata=minimal", `{"a":1}`)
	write(a.Answer(&Item{ID: "2"}), 200, "text/plain", "12\n\"")
	write(a.Answer(&Item{ID: "3"}), 200, "image/png", "\x01\x02")
	write(a.Answer(&Item{ID: "4"}), 204, "", "")
	a.Answer(&Item{ID: "5"}) // nothing is written
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Responses []struct {
			ID, AtomicityGroup string
			Status             int
			Headers            map[string]string
			Body               any
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || len(got.Responses) != 5 {
		t.Fatalf("%v %s", err, b.String())
	}
	for k, want := range []struct {
		status int
		body   any
	}{{200, map[string]any{"a": 1.0}}, {200, "12\n\""}, {200, "AQI"}, {204, nil}, {200, nil}} {
		if r := got.Responses[k]; r.Status != want.status || !reflect.DeepEqual(r.Body, want.body) {
			t.Errorf("%d: %+v", k, r)
		}
	}
	if got.Responses[0].AtomicityGroup != "g" {
		t.Error("the group is lost")
	}
}

// What is written as a multipart answer can be read as one.
func TestMultipartAnswers(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	a := NewMultipart(&b)
	write(a.Answer(&Item{ID: "1"}), 200, "text/plain", "one")
	write(a.Answer(&Item{ID: "2", Group: "g"}), 204, "", "")
	write(a.Answer(&Item{ID: "3", Group: "h"}), 400, "application/json", "{}")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(a.ContentType())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Content-Id: 1\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\none\r\n--" + params["boundary"], "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 400 Bad Request",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("lacks %q: %s", want, b.String())
		}
	}
	if n := strings.Count(b.String(), "Content-Type: multipart/mixed"); n != 1 {
		t.Errorf("%d sets: only a change set that succeeded is one", n)
	}
}

// Whatever comes, it is read or refused, and what was read has a method and an
// address.
func FuzzReadMultipart(f *testing.F) {
	f.Add([]byte("--b\r\nContent-Type: application/http\r\n\r\nGET Users HTTP/1.1\r\n\r\n\r\n--b--"))
	f.Add([]byte("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n\r\nPOST Groups\r\n\r\n{}\r\n--c--\r\n--b--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := ReadMultipart(body, "b")
		checkItems(t, items, err)
	})
}

func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(`{"requests":[{"id":"1","method":"GET","url":"Users","headers":{"a":"b"},"dependsOn":[],"body":{}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := ReadJSON(body)
		checkItems(t, items, err)
	})
}

func checkItems(t *testing.T, items []Item, err error) {
	t.Helper()
	if err == nil && (len(items) == 0 || len(items) > MaxRequests) {
		t.Fatalf("%d items", len(items))
	}
	for _, i := range items {
		if err == nil && (i.Method == "" || i.URL == "" || i.Header == nil) {
			t.Fatalf("%+v", i)
		}
	}
}
