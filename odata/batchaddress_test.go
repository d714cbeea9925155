package odata_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// addresses are those of requests in a batch, as authors write them: with blanks and
// other characters that an address on its own has percent-encoded.
var addresses = map[string]string{ // to the title found, or a status
	"Books?$filter=Title eq 'The Sørensen Papers'&$select=Title&$top=1":                  "The Sørensen Papers",
	"Books?$filter=Title%20eq%20'The S%C3%B8rensen Papers'&$select=Title&$top=1":         "The Sørensen Papers",
	"Books?$filter=Title%20eq 'The%20Sørensen Papers' and true&$select=Title&$top=1":     "The Sørensen Papers",
	"Books?$filter=Title eq '{\"#|^`<>\\}' or Title eq 'Zürich 😀'&$select=Title&$top=1":  "Zürich 😀",
	"Books?$select=Title&$filter=Title eq 'milk' or Title eq '#'&$top=1":                 "milk",
	"Books?$filter=Title eq 'ü#&$select=Title":                                           "400",
	"Books?$filter=Title eq 'https://elsewhere' or Title eq 'milk'&$select=Title&$top=1": "milk",
	"Books?$filter=Title eq 'a HTTP/1.1' or Title eq 'milk'&$select=Title&$top=1":        "milk",
	"/odata/lib/Main/Books?$filter=Title eq '  blank  '&$select=Title&$top=1":            "  blank  ",
}

// titles are those in an answer, or its status where that is no success.
func titles(t *testing.T, status float64, body any) string {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Value []struct{ Title string } }
	if status != http.StatusOK || json.Unmarshal(text, &got) != nil || len(got.Value) != 1 {
		return string(text)
	}
	return got.Value[0].Title
}

// Source: OData JSON Format 4.01, section 19.1; Part 1, section 11.7.2.
func TestAddressesInABatchNeedNoEscapes(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	for address, want := range addresses {
		quoted, err := json.Marshal(address)
		if err != nil {
			t.Fatal(err)
		}
		_, got := s.jsonBatch(`{"id":"a","method":"GET","url":`+string(quoted)+`},{"id":"b","method":"GET","url":"Books/$count"}`, http.Header{"Prefer": {"continue-on-error"}})
		if len(got) != 2 || got[1]["status"] != 200.0 {
			t.Errorf("%s: %v", address, got)
			continue
		}
		if found := titles(t, got[0]["status"].(float64), got[0]["body"]); found != want && !(want == "400" && got[0]["status"] == 400.0) {
			t.Errorf("%s: %s", address, found)
		}
		for _, protocol := range []string{" HTTP/1.1", ""} {
			_, parts := s.mixedBatch(http.Header{"Prefer": {"continue-on-error"}}, part("GET "+address+protocol+"\n\n"), part("GET Books/$count HTTP/1.1\n\n"))
			if len(parts) != 2 || !strings.Contains(parts[1], "200 OK") || !strings.Contains(parts[0], map[bool]string{true: "400 Bad Request", false: want}[want == "400"]) {
				t.Errorf("%s%s: %q", address, protocol, parts)
			}
		}
	}
}

// What follows the first page has an address of its own, which is one.
func TestNextLinksOfABatchAreAddresses(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	_, got := s.jsonBatch(`{"id":"a","method":"GET","url":"Books?$filter=Pages gt 0 or Title ne 'ü#'&$select=Title","headers":{"Prefer":"maxpagesize=3"}}`, nil)
	if len(got) != 1 || got[0]["status"] != 200.0 {
		t.Fatalf("%v", got)
	}
	next, _ := got[0]["body"].(map[string]any)["@odata.nextLink"].(string)
	if strings.ContainsAny(next, " #ü") || len(s.feed(next).Value) != 3 {
		t.Errorf("%s", next)
	}
}

func TestCharactersThatNoAddressHas(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	for address, want := range map[string]string{
		`Books?$filter=Title\teq 'a'`: "has a character that no address has",
		`Books\u0000`:                 "has a character that no address has",
		`Books\u007f`:                 "has a character that no address has",
		`Books\n`:                     "has a character that no address has",
		`Bo%2ks`:                      "percent escape in the path is broken",
		`Books?$filter=Title eq '%2'`: "percent escape",
	} {
		r, got := s.jsonBatch(`{"id":"a","method":"GET","url":"`+address+`"},{"id":"b","method":"GET","url":"Books/$count"}`, http.Header{"Prefer": {"continue-on-error"}})
		if len(got) != 2 || got[0]["status"] != 400.0 || got[1]["status"] != 200.0 || !strings.Contains(r.Body, want) {
			t.Errorf("%s: %d %s", address, r.Status, r.Body)
		}
	}
	_, parts := s.mixedBatch(http.Header{"Prefer": {"continue-on-error"}}, part("GET Books?$filter=Title\teq 'a' HTTP/1.1\n\n"), part("GET Books/$count HTTP/1.1\n\n"))
	if len(parts) != 2 || !strings.Contains(parts[0], "400 Bad Request") || !strings.Contains(parts[1], "200 OK") {
		t.Errorf("%q", parts)
	}
}
