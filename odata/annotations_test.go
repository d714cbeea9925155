package odata_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// misplaced names what stands in a JSON text away from the property that it annotates,
// or before the type and id of its object.
func misplaced(t *testing.T, text string) (out []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	var value func()
	object := func() {
		var names []string
		for d.More() {
			name, err := d.Token()
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name.(string))
			value()
		}
		at := map[string]int{}
		for i, name := range names {
			at[name] = i
		}
		for i, name := range names {
			property, term, annotates := strings.Cut(name, "@")
			own, there := at[property]
			switch {
			case annotates && property != "" && there:
				for _, between := range names[min(i, own):own] {
					if !strings.HasPrefix(between, property+"@") {
						out = append(out, name)
					}
				}
				if own < i {
					out = append(out, name)
				}
			case annotates && property == "" && i > 0 && !strings.HasPrefix(names[i-1], "@") && !strings.HasSuffix(term, "Link"):
				out = append(out, name)
			}
		}
	}
	value = func() {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'):
			object()
		case json.Delim('['):
			for d.More() {
				value()
			}
		default:
			return
		}
		if _, err := d.Token(); err != nil {
			t.Fatal(err)
		}
	}
	value()
	return out
}

func TestMisplaced(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"@type":"x","a@type":"y","a":1,"b@nav":"z","c":[{"d":1,"d@type":"w"}]}`: "[d@type]",
		`{"a@x":1,"b":2,"a":3}`:                      "[a@x]",
		`{"a@x":1,"a@y":2,"a":3,"a@nextLink":"z"}`:   "[a@nextLink]",
		`{"a":1,"@id":"x"}`:                          "[@id]",
		`{"@context":"x","value":[],"@nextLink":""}`: "[]",
	} {
		if got := fmt.Sprint(misplaced(t, text)); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// What annotates a property stands directly before it, whatever is expanded.
//
// Source: OData JSON Format 4.01, sections 4.4 and 23 (conformance, 10.1).
func TestAnnotationsStandBeforeTheirProperties(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	one := "Books(" + odatatest.ID("book", 1) + ")"
	for _, path := range []string{
		"Books?$top=3", one, "Books?$select=Id,Tags,BoughtAt&$count=true&$top=2",
		one + "?$expand=Shelf,Loans", "Books?$top=3&$expand=Shelf($expand=Books($select=Id)),Loans($count=true)",
		"Shelves?$expand=Books/$count", "Shelves?$expand=Books/$ref", "Books(" + odatatest.ID("book", 9) + ")?$expand=*",
		one + "/Shelf?$expand=Books", "Shelves/$ref",
	} {
		for _, version := range []string{"4.0", "4.01"} {
			for _, metadata := range []string{"full", "minimal", "none"} {
				r := s.get(path, "OData-MaxVersion", version, "Accept", "application/json;odata.metadata="+metadata)
				if got := misplaced(t, r.Body); r.Status != http.StatusOK || got != nil {
					t.Errorf("%s in %s, %s: %d %v", path, version, metadata, r.Status, got)
				}
			}
		}
	}
	full := s.get(one+"?$expand=Shelf&$select=Id", "Accept", "application/json;odata.metadata=full").Body
	at := s.URL + one
	for _, want := range []string{
		`"Shelf@odata.navigationLink":"` + at + `/Shelf","Shelf":{`, `"Loans@odata.navigationLink":"` + at + `/Loans"`,
	} {
		if strings.Count(full, want) != 1 {
			t.Errorf("%s is not there once: %s", want, full)
		}
	}
	if n := strings.Count(full, `"Shelf@odata.navigationLink"`); n != 1 {
		t.Errorf("%d links: %s", n, full)
	}
}
