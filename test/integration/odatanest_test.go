//go:build duckdb_arrow

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// versioned asks for a path below the service root as a client of a version of OData, for
// a media type.
func versioned(t *testing.T, w *testkit.Web, path, version, accept string) answer {
	t.Helper()
	req := route{method: http.MethodGet, path: odataRoot + path, accept: accept}.request(context.Background(), t, w.URL)
	req.Header.Set("OData-MaxVersion", version)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: body, err: err}
}

// applying is the address of what $apply gives of a set.
func applying(set, apply string) string { return set + "?$apply=" + url.QueryEscape(apply) }

// TestNestedRowsAreThoseOfFeeds: what nest has of a sequence is written to the byte as the
// feed that the sequence gives by itself, with its context.
//
// Source: OData Data Aggregation 4.0, section 3.5.2.
func TestNestedRowsAreThoseOfFeeds(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: propertyUsers}}).Serve(t, testkit.WebOptions{})
	for _, sequence := range []string{
		"top(20)/identity", "filter(startswith(Username,'b'))", "top(3)", "orderby(CreatedAt desc)/skip(2)/top(4)", "compute(length(Username) as Length,CreatedAt as Made)/top(2)",
		"aggregate($count as N,CreatedAt with max as Last,PopulationId with min as P,SecondsUntilUnlock with average as S)", "groupby((Population/Name,skills))",
		"groupby((rollup($all,EmployeeType,IsEnabled)),aggregate($count as N))", "concat(groupby((Population/Name)),aggregate($count as N))", "filter(false)",
		"groupby((EmployeeType),nest(top(1) as First,aggregate($count as N) as Totals))",
	} {
		for _, version := range []string{"4.0", "4.01"} {
			for _, accept := range []string{
				"application/json", "application/json;odata.metadata=full", "application/json;odata.metadata=none", "application/json;IEEE754Compatible=true",
			} {
				prefix := map[string]string{"4.0": "@odata.", "4.01": "@"}[version]
				alone := applying("Users", sequence)
				if strings.HasPrefix(sequence, "filter(starts") { // a plain feed, which has no order
					alone += "&$orderby=Id"
				}
				plain := versioned(t, w, alone, version, accept)
				nested := versioned(t, w, applying("Users", "nest("+sequence+" as A)"), version, accept)
				if plain.status != http.StatusOK || nested.status != http.StatusOK {
					t.Errorf("%s, %s, %s: %d and %d %.300s", sequence, version, accept, plain.status, nested.status, nested.body)
					continue
				}
				var feed, rows struct{ Value []json.RawMessage }
				var context, one map[string]json.RawMessage
				for raw, to := range map[*[]byte][]any{&plain.body: {&feed, &context}, &nested.body: {&rows}} {
					for _, into := range to {
						if err := json.Unmarshal(*raw, into); err != nil {
							t.Fatal(err)
						}
					}
				}
				if len(rows.Value) != 1 || json.Unmarshal(rows.Value[0], &one) != nil {
					t.Errorf("%s: %.300s", sequence, nested.body)
					continue
				}
				var items []json.RawMessage
				if err := json.Unmarshal(one["A"], &items); err != nil || !slices.EqualFunc(items, feed.Value, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
					t.Errorf("%s, %s, %s: %v\ngot  %d: %.900s\nwant %d: %.900s", sequence, version, accept, err, len(items), one["A"], len(feed.Value), plain.body)
				}
				if got, want := string(one["A"+prefix+"context"]), string(context[prefix+"context"]); got != want || strings.Contains(accept, "none") != (got == "") {
					t.Errorf("%s, %s, %s: the context is %s, not %s", sequence, version, accept, got, want)
				}
			}
		}
	}
}

// TestAnswersOfNest as a whole.
func TestAnswersOfNest(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: propertyUsers}}).Serve(t, testkit.WebOptions{})
	const apply = "groupby((Population/Name),nest(filter(false)/groupby((Locale)) as None,aggregate($count as N) as Totals,orderby(Username desc)/top(1)/groupby((IsEnabled)) as Last))"
	for _, c := range []struct{ name, path, version, accept, want string }{
		{
			"version 4.0", applying("Users", apply) + "&$top=1", "4.0", "application/json",
			`{"@odata.context":"$metadata#Users(Population(Name),None,Totals,Last)","value":[{"@odata.id":null,"Population":{"@odata.id":null,"Name":"Büro Zürich"},` +
				`"None@odata.context":"$metadata#Users(Locale)","None":[],"Totals@odata.context":"$metadata#Users(N)","Totals":[{"@odata.id":null,"N@odata.type":"#Decimal","N":8}],` +
				`"Last@odata.context":"$metadata#Users(IsEnabled)","Last":[{"@odata.id":null,"IsEnabled":true}]}]}`,
		},
		{
			"version 4.01", applying("Users", apply) + "&$top=1", "4.01", "application/json",
			`{"@context":"$metadata#Users(Population(Name),None(),Totals(),Last())","value":[{"Population":{"Name":"Büro Zürich"},` +
				`"None@context":"$metadata#Users(Locale)","None":[],"Totals@context":"$metadata#Users(N)","Totals":[{"N@type":"Decimal","N":8}],` +
				`"Last@context":"$metadata#Users(IsEnabled)","Last":[{"IsEnabled":true}]}]}`,
		},
		{
			"no metadata, a part of the rows", applying("Users", apply) + "&$top=1&$skip=1&$orderby=Population/Name%20desc&$select=Population,Totals", "4.0",
			"application/json;odata.metadata=none", `{"value":[{"Population":{"Name":"Service accounts, robots"},"Totals":[{"N":6}]}]}`,
		},
		{
			"of what a group's rows are aggregated to", applying("Users", "filter(Population/Name in ('Interns','Partners'))/groupby((Population/Name),aggregate($count as N)/nest(identity as A))"), "4.01",
			"application/json;metadata=none", `{"value":[{"Population":{"Name":"Interns"},"A":[{"N":14}]},{"Population":{"Name":"Partners"},"A":[{"N":21}]}]}`,
		},
		{
			"of what groups of a group are aggregated to", applying("Users", "filter(PopulationId ne null)/groupby((Population/Name),groupby((MFAEnabled),aggregate($count as N))/nest(identity as A))/filter(Population/Name eq 'Interns')"), "4.01",
			"application/json;metadata=none", `{"value":[{"Population":{"Name":"Interns"},"A":[{"MFAEnabled":false,"N":9},{"MFAEnabled":true,"N":5}]}]}`,
		},
		{
			"of what a group is named by itself", applying("Users", "groupby((Population/Name),groupby((Population/Name),aggregate($count as N))/nest(identity as A))/filter(Population/Name eq 'Interns')"), "4.01",
			"application/json;metadata=none", `{"value":[{"Population":{"Name":"Interns"},"A":[{"Population":{"Name":"Interns"},"N":14}]}]}`,
		},
		{
			"behind groups", applying("Users", "groupby((Population/Name),top(1))/nest(groupby((Population/Name)) as A,filter(Population/Name eq 'Interns')/groupby((Population/Name,MFAEnabled)) as B)") + "&$select=B", "4.01",
			"application/json;metadata=none", `{"value":[{"B":[{"Population":{"Name":"Interns"},"MFAEnabled":false}]}]}`,
		},
		{"the number of rows", "Users/$count" + applying("", apply), "4.0", "text/plain", "8"},
		{"what comes behind", applying("Users", apply+"/filter(Population/Name eq 'Interns')/compute(length(Population/Name) as L)") + "&$select=L,Totals", "4.01", "application/json;metadata=none", `{"value":[{"L":7,"Totals":[{"N":14}]}]}`},
		{"of nothing", applying("Users", "filter(false)/nest(identity as A,aggregate($count as N) as B)"), "4.01", "application/json;metadata=none", `{"value":[{"A":[],"B":[{"N":0}]}]}`},
		{
			"groups without rows", applying("Users", "filter(Population/Name in ('Interns','Partners'))/groupby((Population/Name),filter(Population/Name eq 'Interns')/nest(identity as A,aggregate($count as N) as B))") + "&$select=B,Population", "4.01",
			"application/json;metadata=none", `{"value":[{"Population":{"Name":"Interns"},"B":[{"N":14}]},{"Population":{"Name":"Partners"},"B":[{"N":0}]}]}`,
		},
	} {
		a := versioned(t, w, c.path, c.version, c.accept)
		if got := strings.ReplaceAll(string(a.body), w.URL+odataRoot, ""); a.status != http.StatusOK || got != c.want {
			t.Errorf("%s: %d\ngot  %s\nwant %s", c.name, a.status, got, c.want)
		}
	}
	for path, want := range map[string]string{
		applying("Users", apply) + "&$format=csv":                    "A file of rows has no place for nested collections.",
		applying("Users", apply) + "&$format=xlsx":                   "A file of rows has no place for nested collections.",
		applying("Users", apply) + "&$expand=Totals":                 "The gateway does not expand rows that $apply has aggregated.",
		applying("Users", apply) + "&$select=Totals($top=1)":         "The gateway does not evaluate options of Totals within $select",
		applying("Users", apply) + "&$filter=Totals/$count%20gt%201": "The gateway does not evaluate the nested collection Totals in expressions.",
	} {
		if a := versioned(t, w, path, "4.0", ""); a.status != http.StatusNotImplemented || !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := versioned(t, w, applying("Users", apply)+"&$count=true&$top=2", "4.0", ""); !strings.Contains(string(a.body), `"@odata.count":8`) {
		t.Errorf("%d, without the number of groups: %.300s", a.status, a.body)
	}
	if a := versioned(t, w, applying("Users", apply)+"&$format=csv&$select=Population", "4.0", ""); a.status != http.StatusOK || !strings.HasPrefix(string(a.body), "Population/Name\r\nBüro Zürich\r\n") {
		t.Errorf("a file of what is not nested: %d %.200s", a.status, a.body)
	}
}

// TestPagesOfNest are together the answer without pages.
func TestPagesOfNest(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: propertyUsers}}).Serve(t, testkit.WebOptions{})
	path := odataRoot + applying("Users", "groupby((Population/Name,EmployeeType),nest(orderby(Username)/top(2) as First,aggregate($count as N) as Totals))")
	type page struct {
		Value []json.RawMessage
		Next  string `json:"@odata.nextLink"`
	}
	read := func(path, prefer string) (p page) {
		t.Helper()
		a := answer{}
		req := route{method: http.MethodGet, path: path, accept: "application/json"}.request(context.Background(), t, w.URL)
		req.Header.Set("Prefer", prefer)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if a.body, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(a.body, &p) != nil {
			t.Fatalf("%d %v %.300s", resp.StatusCode, err, a.body)
		}
		return p
	}
	want := read(path, "")
	if len(want.Value) < 15 {
		t.Fatalf("%d groups", len(want.Value))
	}
	var got []json.RawMessage
	for next := path; next != ""; {
		p := read(next, "odata.maxpagesize=4")
		if next != path { // asked again, the page is read anew
			if again := read(next, "odata.maxpagesize=4"); fmt.Sprintf("%s", again.Value) != fmt.Sprintf("%s", p.Value) {
				t.Errorf("a page has changed: %.300s", again.Value)
			}
		}
		got, next = append(got, p.Value...), strings.TrimPrefix(p.Next, w.URL)
	}
	if fmt.Sprintf("%s", got) != fmt.Sprintf("%s", want.Value) {
		t.Errorf("got  %d: %.500s\nwant %d: %.500s", len(got), got, len(want.Value), want.Value)
	}
}

// TestNestIsBounded: a row that is too large to be written whole is an error, and what
// comes behind it is answered.
func TestNestIsBounded(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: propertyUsers}}).Serve(t, testkit.WebOptions{})
	doubled, last := []string{"concat('\x01','\x01') as P1"}, "P1" // six characters each in JSON
	for n := 2; n <= 18; n++ {
		next := fmt.Sprintf("P%d", n)
		doubled, last = append(doubled, fmt.Sprintf("concat(%s,%s) as %s", last, last, next)), next
	}
	large := func(rows int) string {
		return applying("Users", fmt.Sprintf("nest(top(%d)/compute(%s)/groupby((Id,%s)) as A)", rows, strings.Join(doubled, ","), last))
	}
	a := versioned(t, w, large(50), "4.0", "")
	if a.status != http.StatusBadRequest || !strings.Contains(string(a.body), "The nested collections of one row are too large.") {
		t.Errorf("%d: %.300s", a.status, a.body)
	}
	if a := versioned(t, w, large(2), "4.0", ""); a.status != http.StatusOK || len(a.body) < 2*6<<18 || !json.Valid(a.body) {
		t.Errorf("%d, of %d bytes: %.300s", a.status, len(a.body), a.body)
	}
}
