package odata_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// abnf is the OASIS suite: inputs, and the names that they take for granted.
type abnf struct {
	Constraints map[string][]string
	Cases       []struct {
		Name, Rule, Input string
		FailAt            *int
	}
}

func readABNF(t *testing.T) abnf {
	t.Helper()
	raw, err := os.ReadFile("uri/testdata/odata-abnf-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	return parse[abnf](t, string(raw))
}

// constrained is a catalog with the names of the suite: each set has every property, and
// every navigation property leads from each set to one that its name fits. There are no
// complex types, derived types and functions, as in the gateway.
func constrained(names map[string][]string) *catalog.Schema {
	s := &catalog.Schema{Name: "Main", ID: "5c0e0000-0000-4000-8000-000000000001"}
	for _, set := range names["entitySetName"] {
		t := &catalog.Table{Name: set, Entity: set + "Type", Schema: s}
		t.Columns = append(t.Columns, catalog.Column{Name: "ID", Type: catalog.Int64, Key: true, Required: true})
		for _, list := range []string{"primitiveKeyProperty", "primitiveNonKeyProperty", "primitiveColProperty"} {
			for _, name := range names[list] {
				if slices.Contains(names["entityNavigationProperty"], name) || t.Column(name) != nil {
					continue // Time is one of both
				}
				typ := oasisTypes[name]
				if list == "primitiveColProperty" {
					typ = catalog.StringList
				}
				t.Columns = append(t.Columns, catalog.Column{Name: name, Type: typ})
			}
		}
		for _, nav := range names["entityNavigationProperty"] {
			t.Columns = append(t.Columns, reference(nav+"Id", leadsTo(nav, names), nav, "-"))
		}
		s.Tables = append(s.Tables, t)
	}
	for _, nav := range names["entityColNavigationProperty"] {
		child, _ := s.Table(leadsTo(nav, names))
		for _, parent := range s.Tables {
			child.Columns = append(child.Columns, reference(nav+"Of"+parent.Name, parent.Name, "-", nav))
		}
	}
	return s
}

var oasisTypes = map[string]catalog.Type{
	"Age": catalog.Int32, "Amount": catalog.Float64, "Cost": catalog.Float64, "Price": catalog.Float64, "Quantity": catalog.Int32, "Rating": catalog.Int32,
	"Revenue": catalog.Float64, "TaxRate": catalog.Float64, "X": catalog.Int32, "Population": catalog.Int64, "SumAmount": catalog.Float64,
	"Size": catalog.Int32, "Completed": catalog.Bool, "BirthDate": catalog.Timestamp, "ReleaseDate": catalog.Timestamp, "Date": catalog.Timestamp,
}

func reference(column, table, forward, backward string) catalog.Column {
	return catalog.Column{Name: column, Type: catalog.Int64, References: &catalog.Reference{Table: table, Column: "ID", Forward: forward, Backward: backward}}
}

// leadsTo is the set that a navigation property's name fits.
func leadsTo(nav string, names map[string][]string) string {
	other := map[string]string{"DirectReports": "Employees", "Items": "OrderItems", "Continent": "Countries", "Manager": "Employees", "Category": "Categories", "Country": "Countries"}
	for _, set := range []string{nav, nav + "s", other[nav]} {
		if slices.Contains(names["entitySetName"], set) {
			return set
		}
	}
	return "Products"
}

// suiteRoots are the service roots of the suite's absolute addresses.
var suiteRoots = []string{
	"http://host/service/", "http://services.odata.org/OData/OData.svc/", "http://My.Org:80/", "http://serviceRoot/Model.Container/", "http://serviceRoot/",
}

// address is what a case is asked as, below the service root; "" if it is about
// something else than the address of a request.
func address(rule, input string) string {
	switch rule {
	case "filter", "orderby", "orderBy", "select", "expand", "compute", "search", "skiptoken", "systemQueryOption", "customQueryOption", "queryOptions":
		set := "Products?"
		if strings.Contains(input, "$apply") {
			set = "Sales?"
		}
		return set + input
	case "boolCommonExpr", "notExpr", "isofExpr":
		return "Products?$filter=" + input
	case "commonExpr", "firstMemberExpr", "propertyPathExpr":
		return "Products?$orderby=" + input
	case "anyExpr":
		return "Products?$filter=Products/" + input
	case "resourcePath", "odataRelativeUri":
		if strings.Contains(input, "#") {
			return "" // a fragment stays in the client
		}
		return input
	case "odataUri":
		for _, root := range suiteRoots {
			if rest, found := strings.CutPrefix(input, root); found {
				return rest
			}
		}
	}
	return ""
}

// TestABNFOverHTTP asks a service that has the suite's names for what the suite has about
// addresses. An invalid one is refused, with its place where it breaks the grammar; a
// valid one is answered, or refused for what the service is or has, never for its
// grammar.
func TestABNFOverHTTP(t *testing.T) {
	t.Parallel()
	suite := readABNF(t)
	schema := constrained(suite.Constraints)
	s := start(t, 0, func(c *odata.Config, e *odatatest.Executor) {
		c.Namespace = "Model"
		e.Library.Main = schema
		for _, table := range schema.Tables {
			row := make(odatatest.Row, len(table.Columns))
			row[0] = int64(1)
			e.Library.Rows[table.Name] = []odatatest.Row{row}
		}
		e.Keep = func(string, *catalog.Table, odatatest.Row) bool { return true }
		e.Engine = func(*query.Query) []odatatest.Row { return nil }
		e.Binder = func(query.Statement) (*query.Query, error) {
			table := schema.Tables[0]
			return &query.Query{Accesses: []query.Access{{Table: table}}, Empty: true, SQL: "bound"}, nil
		}
	})
	asked := map[int]int{}
	for _, c := range suite.Cases {
		path := address(c.Rule, c.Input)
		if path == "" {
			continue
		}
		r := s.get(strings.ReplaceAll(path, "\t", "%09"))
		asked[r.Status]++
		var f struct {
			Error struct {
				Code    string
				Details []struct{ Code, Message string }
			}
		}
		if r.Status >= 400 {
			if err := json.Unmarshal([]byte(r.Body), &f); err != nil {
				t.Errorf("%s: %d %s", path, r.Status, r.Body)
			}
		}
		grammar := f.Error.Code == "SyntaxError"
		switch {
		case c.FailAt == nil && (grammar || r.Status >= 500 && r.Status != http.StatusNotImplemented):
			t.Errorf("%s (%s) is valid: %d %s", path, c.Name, r.Status, r.Body)
		case c.FailAt != nil && r.Status < 400:
			t.Errorf("%s (%s) is invalid: %d", path, c.Name, r.Status)
		case grammar && !slices.ContainsFunc(f.Error.Details, func(d struct{ Code, Message string }) bool { return d.Code == "Position" }):
			t.Errorf("%s: no place: %s", path, r.Body)
		}
	}
	t.Log(asked)
	if asked[http.StatusOK] < 140 {
		t.Errorf("only %d addresses are answered: the catalog lacks the suite's names", asked[http.StatusOK])
	}
}
